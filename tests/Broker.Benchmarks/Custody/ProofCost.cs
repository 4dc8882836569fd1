using System.CommandLine;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Tree;
using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Benchmarks.Custody;

/// <summary>
/// What heads, proofs and witnesses have of a put and of a hand-off, as processor time: the very work of both nodes, done here by their own
/// types and nothing besides, over a tree in the zone's database. Taken from what the running broker spends on the whole operation, it
/// leaves what the operation would cost without them. The transaction itself is not theirs: one that changes a single row is taken off.
/// </summary>
internal static class ProofCost
{
    // User, grant, credential, policy and row.
    private const int EntriesOfHandOff = 5;

    private const int HeadsOfBlock = 25;
    private const int Blocks = 7;

    private static readonly Option<string> Place = new("--directory") { Required = true, Description = "where the tree is written" };
    private static readonly Option<int> Puts = new("--puts") { DefaultValueFactory = _ => 64, Description = "puts under one head" };

    /// <summary>The measurement by itself.</summary>
    public static Command Create()
    {
        var command = new Command("proofs", "What heads, proofs and witnesses have of a put and of a hand-off.") { Place, Puts };
        command.SetAction(parsed =>
        {
            var (put, handOff) = Measure(parsed.GetRequiredValue(Place), parsed.GetValue(Puts));
            Console.WriteLine(FormattableString.Invariant($"put {1000 * put:0.0} us, hand-off {1000 * handOff:0.0} us"));
        });
        return command;
    }

    /// <summary>Milliseconds of a put and of a hand-off.</summary>
    /// <param name="directory">Where the tree and the witness are.</param>
    /// <param name="puts">Puts under one head.</param>
    public static (double Put, double HandOff) Measure(string directory, int puts)
    {
        var path = Path.Combine(directory, $"proofs-{Environment.ProcessId}.db");
        var (warm, measured) = (Name.Parse("warm"), Name.Parse("measured"));
        Create(path, warm, measured);
        try
        {
            using var identity = P256PrivateKey.Generate(SystemRandom.Fill);
            using var database = SqliteZoneDatabase.Open(new SqliteOptions(path, Readers: 1, MaxBytes: 0));
            // A tree of its own, so that the one that is measured does not grow meanwhile.
            var first = new ProvenHeads(database, warm, identity, directory, puts);
            SteadyState.Reach(() => first.Commit(HeadsOfBlock));
            var heads = new ProvenHeads(database, measured, identity, directory, puts);
            heads.Commit(2 * HeadsOfBlock);
            heads.Parts.Clear();
            var put = SteadyState.Difference(Blocks, () => heads.Commit(HeadsOfBlock), () => heads.CommitWithout(HeadsOfBlock));
            var parts = heads.Parts.Select(
                p => FormattableString.Invariant($"{p.Key} {p.Value.TotalMicroseconds / (Blocks * HeadsOfBlock * puts):0.0} us"));
            Console.Error.WriteLine($"  of a put: {string.Join(", ", parts)}");
            return (put.TotalMilliseconds / (HeadsOfBlock * puts), database.Read(tables => HandOff(tables.Nodes(measured))));
        }
        finally
        {
            foreach (var file in Directory.GetFiles(directory, Path.GetFileName(path) + "*")
                .Append(Path.Combine(directory, warm.Value)).Append(Path.Combine(directory, measured.Value)))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>An entry of the benchmark, as the zone tells it.</summary>
    internal static Wire.Entry Entry(EntryKey key, Digest value)
    {
        var entry = new Wire.Entry { Type = key.Type, Id = key.Id };
        if (value != Digest.Zero)
        {
            entry.Value = UnsafeByteOperations.UnsafeWrap(value.ToArray());
        }

        return entry;
    }

    // Of customers only what their nodes refer to.
    private static void Create(string path, params Name[] customers)
    {
        using var connection = new SqliteConnectionHandle(path, readOnly: false);
        SqliteSchema.Ensure(connection);
        foreach (var customer in customers)
        {
            connection.Script($"INSERT INTO customers VALUES ('{customer}', 1, 'x', x'', 0, 0, x'', x'', x'', x'', 0, 0, 0, 0)");
        }
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
        List<Wire.Entry> entries = [.. Enumerable.Range(0, EntriesOfHandOff).Select(i => Read(nodes, ProvenHeads.Key(i)))];
        var root = new SparseTree(nodes).Root;
        var cache = new LeafCache();
        void Block()
        {
            for (var i = 0; i < Times; i++)
            {
                foreach (var entry in entries)
                {
                    if (!cache.IsUnder(root, ProvenEntry.From(entry)))
                        throw new InvalidOperationException("a proof does not lead to the root");
                }
            }
        }

        SteadyState.Reach(Block);
        return SteadyState.Difference(Blocks, Block, static () => { }).TotalMilliseconds / Times;
    }
}
