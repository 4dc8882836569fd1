using System.Diagnostics;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Tree;
using Broker.Dmz.Customers;
using Broker.Dmz.Witnesses;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Benchmarks.Custody;

/// <summary>
/// What heads, proofs and witnesses have of a put and of a hand-off, as processor time: the very work of both nodes, done here by their own
/// types and nothing besides, over a tree in SQLite. Taken from what the running broker spends on the whole operation, it leaves
/// what the operation would cost without them.
/// </summary>
internal static class ProofCost
{
    private const int Leaves = 30_000;
    private const int Heads = 40;

    // User, grant, credential, policy and row.
    private const int EntriesOfHandOff = 5;

    private static readonly Name Some = Name.Parse("bench");

    /// <summary>Milliseconds of a put and of a hand-off.</summary>
    /// <param name="directory">Where the tree and the witness are.</param>
    /// <param name="puts">Puts under one head.</param>
    public static (double Put, double HandOff) Measure(string directory, int puts)
    {
        var path = Path.Combine(directory, $"proofs-{Environment.ProcessId}.db");
        using var connection = new SqliteConnectionHandle(path, readOnly: false);
        // The tree alone, without the customer that its nodes would belong to.
        connection.Script(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA foreign_keys = OFF");
        SqliteSchema.Ensure(connection);
        var nodes = new SqliteNodes(connection, Some);
        var root = Fill(connection, nodes);
        using var identity = P256PrivateKey.Generate(SystemRandom.Fill);
        var witness = new WitnessFile(directory, Some, Some);
        var next = Leaves;
        void PutAll()
        {
            root = Put(connection, nodes, root, identity, witness, [.. Enumerable.Range(next, puts)]);
            next += puts;
        }

        PutAll();
        var before = Cpu();
        for (var i = 0; i < Heads; i++)
            PutAll();
        var put = (Cpu() - before).TotalMilliseconds / (Heads * puts);
        var handOff = HandOff(nodes);
        connection.Dispose();
        foreach (var file in Directory.GetFiles(directory, Path.GetFileName(path) + "*").Append(Path.Combine(directory, Some.Value)))
            File.Delete(file);
        return (put, handOff);
    }

    private static Digest Fill(SqliteConnectionHandle connection, SqliteNodes nodes)
    {
        var tree = new SparseTree(nodes);
        for (var i = 0; i < Leaves; i++)
            tree.Update(Key(i).LeafKey, Digest.Of([1]));
        var root = tree.Root;
        connection.Run("BEGIN IMMEDIATE");
        tree.Flush();
        connection.Run("COMMIT");
        return root;
    }

    private static EntryKey Key(int number) => EntryKey.User(Name.Parse($"u-{number}"));

    // Each put brings a credential, a row and the record of its request; the user stands there.
    private static Digest Put(
        SqliteConnectionHandle connection, SqliteNodes nodes, Digest root, P256PrivateKey identity, WitnessFile witness, int[] puts)
    {
        EntryKey[] made = [.. puts.SelectMany(static p => new[] { Key(3 * p), Key((3 * p) + 1), Key((3 * p) + 2) })];
        List<Wire.Entry> read = [.. made.Append(Key(0)).Select(k => Read(nodes, k))];

        // The key actor.
        var partial = new PartialTree(root);
        var cache = new LeafCache();
        foreach (var entry in read.ConvertAll(ProvenEntry.From))
        {
            if (!cache.IsUnder(root, entry) || !partial.TryAdd(entry.LeafKey, entry.Leaf, entry.Proof))
                throw new InvalidOperationException("a proof does not lead to the root");
        }

        foreach (var key in made)
            partial.Update(key.LeafKey, TreeHash.Leaf(key.LeafKey, Digest.Of([2])));
        var head = new CustomerHead(Some, Some, 1, 2, partial.Root, 1, Digest.Zero).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        identity.Sign(head, signature);
        witness.Write(2, partial.Root, committed: false);

        // The zone.
        if (!PublicKey.Parse(identity.PublicKey).Verify(head, signature))
            throw new InvalidOperationException("the head does not verify");
        var tree = new SparseTree(nodes);
        foreach (var key in made)
            tree.Update(key.LeafKey, Digest.Of([2]));
        if (tree.Root != partial.Root)
            throw new InvalidOperationException("the trees have different roots");
        connection.Run("BEGIN IMMEDIATE");
        tree.Flush();
        connection.Run("COMMIT");
        witness.Write(2, partial.Root, committed: true);
        return partial.Root;
    }

    private static Wire.Entry Read(SqliteNodes nodes, EntryKey key)
    {
        var (value, proof) = new SparseTree(nodes).Prove(key.LeafKey);
        var entry = new Wire.Entry { Type = key.Type, Id = key.Id, Proof = UnsafeByteOperations.UnsafeWrap(proof.ToBytes()) };
        if (value != Digest.Zero)
            entry.Value = UnsafeByteOperations.UnsafeWrap(value.ToArray());
        return entry;
    }

    // The zone reads the proofs of a head once and the key actor hashes them once; then they are parsed and the leaves compared.
    private static double HandOff(SqliteNodes nodes)
    {
        const int Times = 20_000;
        List<Wire.Entry> entries = [.. Enumerable.Range(0, EntriesOfHandOff).Select(i => Read(nodes, Key(i)))];
        var root = new SparseTree(nodes).Root;
        var cache = new LeafCache();
        var before = Cpu();
        for (var i = 0; i < Times; i++)
        {
            foreach (var entry in entries)
            {
                if (!cache.IsUnder(root, ProvenEntry.From(entry)))
                    throw new InvalidOperationException("a proof does not lead to the root");
            }
        }

        return (Cpu() - before).TotalMilliseconds / Times;
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
