using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Engine;

internal sealed partial class ZoneStore
{
    /// <inheritdoc/>
    public PublicKey? Identity(Name customer) => _database.Read(tables => tables.Customer(customer)?.Custody.Identity);

    /// <inheritdoc/>
    public CustomerState? Customer(Name customer) => _database.Read(tables =>
    {
        if (tables.Customer(customer) is not { } record)
        {
            return null;
        }

        CustomerCheck.Verify(tables, record, _context.Cluster, _signer.Key);
        var end = tables.Chain(customer.Value);
        var state = new CustomerState(record, new LedgerPoint(end.Length, end.Hash));
        var epoch = record.Custody.Epoch;
        if (epoch == 1)
        {
            return state;
        }

        var links = tables.Entries(customer, EntryKey.SuccessionType, "", SuccessionChain.MaxLinks)
            .OrderBy(static e => Statement.Read<SuccessionRecord>(e.Statement.Span).Read().Epoch)
            .Select(static e => new Signed(e.Statement, e.Signature));
        var isRotating = tables.Entry(customer, EntryKey.Custody(epoch - 1)) is not null;
        return state with
        {
            Successions = [.. links],
            IsRotating = isRotating,
            Rows = isRotating ? tables.CountRows(customer, epoch) : default,
        };
    });

    /// <inheritdoc/>
    public IReadOnlyList<Name> Customers(string after, int limit) => _database.Read(tables => tables.Customers(after, Page(limit)));

    /// <inheritdoc/>
    public ProvenEntries? ReadEntries(Name customer, IReadOnlyList<EntryKey> keys, bool together = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keys.Count, ZoneLimits.MaxKeys);
        return _database.Read(tables =>
        {
            if (tables.Customer(customer) is not { } record)
            {
                return null;
            }

            return together
                ? _context.Trees.Use(customer, record.Head.Root, tables.Nodes(customer), tree => Read(tables, tree, record, keys, together))
                : Read(tables, new SparseTree(tables.Nodes(customer)), record, keys, together);
        });
    }

    /// <inheritdoc/>
    public IReadOnlyList<EntryRecord> ListEntries(Name customer, string type, string after, int limit) =>
        type == EntryKey.RowType
            ? throw new ArgumentException("rows cannot be listed", nameof(type))
            : _database.Read(tables => EntriesUnderTheHead(tables, customer, type, after, limit));

    /// <inheritdoc/>
    public JournalEntry? HandOff(Name customer, Id16 handOff) => _database.Read(tables =>
        tables.HandOff(customer, handOff) is { } record ? Journal(tables, customer, record) : null);

    /// <inheritdoc/>
    public IReadOnlyList<JournalEntry> HandOffs(Name customer, bool openOnly, Id16? after, int limit) =>
        _database.Read<IReadOnlyList<JournalEntry>>(tables =>
        {
            var entries = new List<JournalEntry>();
            foreach (var record in tables.HandOffs(customer, openOnly, after, Page(limit)))
            {
                entries.Add(Journal(tables, customer, record));
            }

            return entries;
        });

    /// <inheritdoc/>
    public InvitationRecord? Invitation(Name customer, Digest token) =>
        _database.Read(tables => tables.Invitation(customer, token));

    /// <inheritdoc/>
    public LedgerPage Ledger(string chain, ulong from, int limit) => _database.Read(tables =>
    {
        var length = tables.Chain(chain).Length;
        var receipts = new List<Receipt>();
        BatchRecord? batch = null;
        foreach (var block in tables.Blocks(chain, from, Page(limit)))
        {
            if (batch?.Id != block.Batch)
            {
                batch = tables.Batch(block.Batch) ??
                    throw new AlteredException(RefusalCode.LedgerAltered, "a batch of the ledger is missing");
            }

            receipts.Add(new Receipt(block.Block, block.Index, block.PathDigests(), batch.Batch));
        }

        return new LedgerPage(receipts, length);
    });

    private static ProvenEntries Read(
        IZoneReader tables, SparseTree tree, CustomerRecord record, IReadOnlyList<EntryKey> keys, bool together)
    {
        var entries = new List<ProvenEntry>(keys.Count);
        foreach (var key in keys)
        {
            var entry = EntryCache.Read(tables, tree, record, key, isProven: !together);
            entries.Add(key.Type == EntryKey.RowType ? entry with { Entry = null } : entry);
        }

        return new ProvenEntries(record.SignedHead, entries, together ? tree.Prove(keys.Select(static k => k.LeafKey)) : default);
    }

    private static int Page(int limit) => Math.Clamp(limit, 1, ZoneLimits.MaxPage);

    // What is listed is proven to nobody, so that each entry stands in the tree is looked at here.
    private static List<EntryRecord> EntriesUnderTheHead(IZoneReader tables, Name customer, string type, string after, int limit)
    {
        var listed = new List<EntryRecord>();
        if (tables.Customer(customer) is { } record)
        {
            var tree = new SparseTree(tables.Nodes(customer));
            foreach (var entry in tables.Entries(customer, type, after, Page(limit)))
            {
                listed.Add(EntryCache.Read(tables, tree, record, entry.Key).Entry!);
            }
        }

        return listed;
    }

    // The journal keeps no second copy of the request: it stands in the block of the intent.
    private static JournalEntry Journal(IZoneReader tables, Name customer, HandOffRecord record) =>
        JournalCheck.Entry(tables, customer, record);
}
