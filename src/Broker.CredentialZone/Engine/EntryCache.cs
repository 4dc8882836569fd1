using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Engine;

/// <summary>
/// Entries with their proofs, as they were read under a customer's head. A proof holds for one head: a customer's entries are
/// forgotten when its counter or its root is another, whoever wrote it. Only the writer uses it; a batch that fails clears it.
/// </summary>
internal sealed class EntryCache(long maxBytes)
{
    private readonly Dictionary<Name, Customer> _customers = [];
    private long _bytes;

    /// <summary>The entry under the customer's head.</summary>
    public ProvenEntry Get(IZoneReader tables, CustomerRecord record, EntryKey key)
    {
        var (customer, head) = (record.Customer, (record.Head.Counter, record.Head.Root));
        if (!_customers.TryGetValue(customer, out var entries) || entries.Head != head)
        {
            _bytes -= entries?.Bytes ?? 0;
            _customers[customer] = entries = new Customer(head);
        }

        if (entries.Entries.TryGetValue(key, out var known))
        {
            return known;
        }

        var entry = Read(tables, new SparseTree(tables.Nodes(customer)), record, key);
        var bytes = 512L + (entry.Entry?.Statement.Length ?? 0) + entry.Proof.Length;
        if (_bytes + bytes > maxBytes)
        {
            Clear();
            _customers[customer] = entries = new Customer(head);
        }

        entries.Entries.Add(key, entry);
        entries.Bytes += bytes;
        _bytes += bytes;
        return entry;
    }

    /// <summary>Reads an entry, without remembering it.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="tree">The customer's tree.</param>
    /// <param name="record">The customer.</param>
    /// <param name="key">The entry.</param>
    /// <param name="isProven">Whether with its proof.</param>
    /// <exception cref="AlteredException">Table, tree and head, which change together, do not agree: somebody else wrote here.</exception>
    public static ProvenEntry Read(IZoneReader tables, SparseTree tree, CustomerRecord record, EntryKey key, bool isProven = true)
    {
        if (tree.Root != record.Head.Root)
        {
            throw Altered(RefusalCode.TreeAltered, "the customer's tree does not have the root of its head");
        }

        var (under, proof) = isProven ? tree.Prove(key.LeafKey) : (tree.Value(key.LeafKey), null);
        var entry = tables.Entry(record.Customer, key);
        var value = entry is null ? Digest.Zero : Digest.Of(entry.Statement.Span);
        if (under != value)
        {
            throw Altered(RefusalCode.EntryAltered, $"a {key.Type} entry and its leaf do not agree");
        }

        AlteredException Altered(string code, string detail) => new(code, detail) { Customer = record.Customer };

        return new ProvenEntry(key, entry, value, proof?.ToBytes());
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _customers.Clear();
        _bytes = 0;
    }

    private sealed class Customer((ulong Counter, Digest Root) head)
    {
        public (ulong Counter, Digest Root) Head => head;

        public Dictionary<EntryKey, ProvenEntry> Entries { get; } = [];

        public long Bytes { get; set; }
    }
}
