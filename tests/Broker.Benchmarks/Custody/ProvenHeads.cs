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

/// <summary>Heads of puts, by the zone's database and the key actor's types.</summary>
internal sealed class ProvenHeads
{
    private const int Leaves = 30_000;

    private static readonly byte[] Other = new byte[Digest.Length];

    private readonly SqliteZoneDatabase _database;
    private readonly Name _customer;
    private readonly P256PrivateKey _key;
    private readonly PublicKey _identity;
    private readonly WitnessFile _witness;
    private readonly KeptTrees _trees = new(max: 262_144);
    private readonly int _puts;
    private Digest _root;
    private int _next = Leaves;

    /// <summary>Fills the customer's tree.</summary>
    /// <param name="database">The customer stands there.</param>
    /// <param name="customer">Whose heads they are.</param>
    /// <param name="key">Its identity.</param>
    /// <param name="directory">Where the witness is.</param>
    /// <param name="puts">Puts under one head.</param>
    public ProvenHeads(SqliteZoneDatabase database, Name customer, P256PrivateKey key, string directory, int puts)
    {
        (_database, _customer, _key, _puts) = (database, customer, key, puts);
        _identity = PublicKey.Parse(key.PublicKey);
        _witness = new WitnessFile(directory, customer, customer);
        var tree = new SparseTree(database.Writer.Nodes(customer));
        for (var i = 0; i < Leaves; i++)
        {
            tree.Update(Key(i).LeafKey, Digest.Of([1]));
        }

        database.Writer.Begin();
        tree.Flush();
        database.Writer.Commit();
        _root = tree.Root;
    }

    /// <summary>Processor time by what it went to.</summary>
    public Dictionary<string, TimeSpan> Parts { get; } = [];

    /// <summary>The key of an entry.</summary>
    public static EntryKey Key(int number) => EntryKey.User(Name.Parse($"u-{number}"));

    /// <summary>Commits so many heads.</summary>
    public void Commit(int heads)
    {
        for (; heads > 0; heads--)
        {
            CommitHead();
        }
    }

    /// <summary>The same reads and transactions, with one row in the place of all that hangs on a head.</summary>
    public void CommitWithout(int heads)
    {
        for (; heads > 0; heads--)
        {
            _database.Read(static _ => true);
            _database.Writer.Begin();
            _database.Writer.SetMeta("bench", Other);
            _database.Writer.Commit();
        }
    }

    // Each put brings a credential, a row and the record of its request; the user stands there.
    private void CommitHead()
    {
        EntryKey[] made = [.. Enumerable.Range(_next, 3 * _puts).Select(Key)];
        _next += made.Length;
        var read = Part("zone proves", () => Read([.. made.Append(Key(0))]));
        var next = Part("key verifies and updates", () => Prepare(read, made));
        var (head, signature) = Part("signature, witness", () => Sign(next));
        Part("zone verifies and updates", () => Write(head, signature, next, made));
        Part("signature, witness", () =>
        {
            _witness.Write(2, next, committed: true);
            return true;
        });
        _root = next;
    }

    private byte[] Read(EntryKey[] keys) => _database.Read(tables => _trees.Use(_customer, _root, tables.Nodes(_customer), tree =>
    {
        var entries = keys.Select(k => ProofCost.Entry(k, tree.Value(k.LeafKey))).ToList();
        return new Wire.ReadEntriesReply
        {
            Entries = { entries },
            Proof = UnsafeByteOperations.UnsafeWrap(tree.Prove(keys.Select(static k => k.LeafKey))),
        }.ToByteArray();
    }));

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
        var head = new CustomerHead(_customer, _customer, 1, 2, root, 1, Digest.Zero).Encode();
        var signature = new byte[PublicKey.SignatureLength];
        _key.Sign(head, signature);
        _witness.Write(2, root, committed: false);
        return (head, signature);
    }

    private bool Write(byte[] head, byte[] signature, Digest root, EntryKey[] made)
    {
        if (!_identity.Verify(head, signature))
        {
            throw new InvalidOperationException("the head does not verify");
        }

        var writer = _database.Writer;
        writer.Begin();
        writer.SetMeta("bench", Other);
        var isRoot = _trees.Use(_customer, _root, writer.Nodes(_customer), tree =>
        {
            foreach (var key in made)
            {
                tree.Update(key.LeafKey, Digest.Of([2]));
            }

            tree.Flush();
            return tree.Root == root;
        });
        writer.Commit();
        return isRoot ? true : throw new InvalidOperationException("the trees have different roots");
    }

    private T Part<T>(string name, Func<T> part)
    {
        var result = default(T)!;
        var spent = SteadyState.Cpu(() => result = part());
        Parts[name] = Parts.GetValueOrDefault(name) + spent;
        return result;
    }
}
