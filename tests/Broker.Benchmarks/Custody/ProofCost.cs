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

    // User, grant, credential, policy and row.
    private const int EntriesOfHandOff = 5;

    private static readonly Name Some = Name.Parse("bench");

    /// <summary>Milliseconds of a put and of a hand-off.</summary>
    /// <param name="directory">Where the tree and the witness are.</param>
    /// <param name="puts">Puts under one head.</param>
    public static (double Put, double HandOff) Measure(string directory, int puts)
    {
        var path = Path.Combine(directory, $"proofs-{Environment.ProcessId}.db");
        using var writing = new SqliteConnectionHandle(path, readOnly: false);
        writing.Script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA foreign_keys = ON");
        SqliteSchema.Ensure(writing);
        // Of the customer only what its nodes refer to.
        writing.Script($"INSERT INTO customers VALUES ('{Some}', 1, 'x', x'', 0, 0, x'', x'', x'', x'', 0, 0, 0, 0)");
        using var reading = new SqliteConnectionHandle(path, readOnly: true);
        using var identity = P256PrivateKey.Generate(SystemRandom.Fill);
        var heads = new Heads(writing, reading, identity, new WitnessFile(directory, Some, Some));
        var next = Leaves;
        void PutAll()
        {
            heads.Put([.. Enumerable.Range(next, puts)]);
            next += puts;
        }

        // The broker that this is taken from has run for a while too.
        for (var i = 0; i < Heads.WarmUp; i++)
        {
            PutAll();
        }

        heads.Parts.Clear();
        var before = Cpu();
        for (var i = 0; i < Heads.Measured; i++)
        {
            PutAll();
        }

        var put = (Cpu() - before).TotalMilliseconds / (Heads.Measured * puts);
        Console.Error.WriteLine($"  of a put: {string.Join(", ", heads.Parts.Select(
            p => FormattableString.Invariant($"{p.Key} {p.Value.TotalMicroseconds / (Heads.Measured * puts):0.0} us")))}");
        var handOff = HandOff(new SqliteReader(reading).Nodes(Some));
        reading.Dispose();
        writing.Dispose();
        foreach (var file in Directory.GetFiles(directory, Path.GetFileName(path) + "*").Append(Path.Combine(directory, Some.Value)))
        {
            File.Delete(file);
        }

        return (put, handOff);
    }

    private static EntryKey Key(int number) => EntryKey.User(Name.Parse($"u-{number}"));

    private static Wire.Entry Entry(EntryKey key, Digest value)
    {
        var entry = new Wire.Entry { Type = key.Type, Id = key.Id };
        if (value != Digest.Zero)
        {
            entry.Value = UnsafeByteOperations.UnsafeWrap(value.ToArray());
        }

        return entry;
    }

    private static Wire.Entry Read(ITreeNodes nodes, EntryKey key)
    {
        var (value, proof) = new SparseTree(nodes).Prove(key.LeafKey);
        var entry = Entry(key, value);
        entry.Proof = UnsafeByteOperations.UnsafeWrap(proof.ToBytes());
        return entry;
    }

    // The zone reads the proofs of a head once and the key actor hashes them once; then they are parsed and the leaves compared.
    private static double HandOff(ITreeNodes nodes)
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

    /// <summary>Heads of puts, by the zone's connections and the key actor's types.</summary>
    private sealed class Heads(SqliteConnectionHandle writing, SqliteConnectionHandle reading, P256PrivateKey identity, WitnessFile witness)
    {
        public const int WarmUp = 100;
        public const int Measured = 100;

        private readonly KeptTrees _trees = new(max: 131_072);
        private readonly PublicKey _identity = PublicKey.Parse(identity.PublicKey);
        private Digest _root = Fill(writing);

        public Dictionary<string, TimeSpan> Parts { get; } = [];

        // Each put brings a credential, a row and the record of its request; the user stands there.
        public void Put(int[] puts)
        {
            EntryKey[] made = [.. puts.SelectMany(static p => new[] { Key(3 * p), Key((3 * p) + 1), Key((3 * p) + 2) })];
            var read = Part("zone proves", () => Read([.. made.Append(Key(0))]));
            var next = Part("key verifies and updates", () => Prepare(read, made));
            var (head, signature) = Part("signature, witness", () => Sign(next));
            Part("zone verifies and updates", () => Commit(head, signature, next, made));
            Part("signature, witness", () =>
            {
                witness.Write(2, next, committed: true);
                return true;
            });
            _root = next;
        }

        private static Digest Fill(SqliteConnectionHandle connection)
        {
            var tree = new SparseTree(new SqliteReader(connection).Nodes(Some));
            for (var i = 0; i < Leaves; i++)
            {
                tree.Update(Key(i).LeafKey, Digest.Of([1]));
            }

            connection.Run("BEGIN IMMEDIATE");
            tree.Flush();
            connection.Run("COMMIT");
            return tree.Root;
        }

        private byte[] Read(EntryKey[] keys)
        {
            reading.Run("BEGIN");
            var reply = _trees.Use(Some, _root, new SqliteReader(reading).Nodes(Some), tree =>
            {
                var entries = keys.Select(k => Entry(k, tree.Value(k.LeafKey))).ToList();
                return new Wire.ReadEntriesReply
                {
                    Entries = { entries },
                    Proof = UnsafeByteOperations.UnsafeWrap(tree.Prove(keys.Select(static k => k.LeafKey))),
                };
            });
            reading.Run("COMMIT");
            return reply.ToByteArray();
        }

        private Digest Prepare(byte[] bytes, EntryKey[] made)
        {
            var read = Wire.ReadEntriesReply.Parser.ParseFrom(bytes);
            var tree = new PartialTree(_root);
            var leaves = new LeafCache();
            if (!tree.TryAdd(read.Proof.Span) || read.Entries.Select(ProvenEntry.From).Any(e => !leaves.IsUnder(tree, e)))
            {
                throw new InvalidOperationException("the proof does not lead to the root");
            }

            foreach (var key in made.Select(static k => k.LeafKey))
            {
                tree.Update(key, TreeHash.Leaf(key, Digest.Of([2])));
            }

            return tree.Root;
        }

        private (byte[] Head, byte[] Signature) Sign(Digest root)
        {
            var head = new CustomerHead(Some, Some, 1, 2, root, 1, Digest.Zero).Encode();
            var signature = new byte[PublicKey.SignatureLength];
            identity.Sign(head, signature);
            witness.Write(2, root, committed: false);
            return (head, signature);
        }

        private bool Commit(byte[] head, byte[] signature, Digest root, EntryKey[] made)
        {
            if (!_identity.Verify(head, signature))
            {
                throw new InvalidOperationException("the head does not verify");
            }

            writing.Run("BEGIN IMMEDIATE");
            var isRoot = _trees.Use(Some, _root, new SqliteReader(writing).Nodes(Some), tree =>
            {
                foreach (var key in made)
                {
                    tree.Update(key.LeafKey, Digest.Of([2]));
                }

                tree.Flush();
                return tree.Root == root;
            });
            writing.Run("COMMIT");
            return isRoot ? true : throw new InvalidOperationException("the trees have different roots");
        }

        private T Part<T>(string name, Func<T> part)
        {
            var start = Stopwatch.GetTimestamp();
            var result = part();
            Parts[name] = Parts.GetValueOrDefault(name) + Stopwatch.GetElapsedTime(start);
            return result;
        }
    }
}
