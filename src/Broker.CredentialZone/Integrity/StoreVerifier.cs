using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>
/// Verifies a whole store in one snapshot: every chain from its first block, every tree against its head, every entry and row against
/// its leaf, and the tables against what the chains tell. Opens no row: the zone has no key.
/// </summary>
/// <param name="tables">One snapshot.</param>
/// <param name="cluster">This installation.</param>
/// <param name="keys">Believes certificates of ledger keys.</param>
/// <param name="now">The time as of which requests have to be remembered.</param>
/// <param name="progress">Told each customer before it is walked.</param>
internal sealed class StoreVerifier(
    IZoneReader tables, Name cluster, WalkedKeys keys, DateTimeOffset now, Action<string> progress)
{
    private const int Page = 256;

    private readonly ChainWalk _chains = new(tables, cluster, keys);
    private readonly Dictionary<string, List<ChainHead>> _entered = [];
    private readonly Verification _result = new();

    /// <summary>Verifies.</summary>
    public Verification Run()
    {
        if (tables.Meta(ZoneStore.ClusterKey) is not { } name ||
            !name.AsSpan().SequenceEqual(System.Text.Encoding.ASCII.GetBytes(cluster.Value)))
        {
            _result.Add("", RefusalCode.RecordAltered, "the database is of another cluster");
            return _result;
        }

        Guarded("", Cluster);
        for (var after = ""; ;)
        {
            var page = tables.Customers(after, Page);
            foreach (var customer in page)
            {
                progress(customer.Value);
                Guarded(customer.Value, () => Customer(customer));
                after = customer.Value;
            }

            if (page.Count < Page)
            {
                return _result;
            }
        }
    }

    private void Guarded(string customer, Action verify)
    {
        try
        {
            verify();
        }
        catch (AlteredException altered)
        {
            _result.Add(customer, altered.Code, altered.Detail);
        }
        catch (MalformedException malformed)
        {
            _result.Add(customer, RefusalCode.RecordAltered, malformed.Message);
        }
    }

    private void Cluster()
    {
        foreach (var (block, _) in _chains.Walk(Block.ClusterChain))
        {
            _result.Blocks++;
            if (block.Kind == BlockKind.ChainHead)
            {
                var head = Statement.Read<ChainHead>(block.Body.Span);
                if (!_entered.TryGetValue(head.Customer.Value, out var heads))
                {
                    _entered[head.Customer.Value] = heads = [];
                }

                heads.Add(head);
            }
        }

        if (tables.Meta(ZoneStore.LedgerKey) is not { } known || !known.AsSpan().SequenceEqual(keys.Last.Span))
        {
            _result.Add("", RefusalCode.LedgerAltered, "the ledger key is another than the one that the chain entered last");
        }
    }

    private void Customer(Name name)
    {
        var customer = tables.Customer(name)!;
        _result.Customers.Add((name.Value, customer.Head.Counter));
        Guarded(name.Value, () => Entries(customer));
        var (replay, unknown) = (new CustomerReplay(), new SortedSet<string>(StringComparer.Ordinal));
        var entered = _entered.GetValueOrDefault(name.Value, []).GroupBy(h => h.Position).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var (block, hash) in _chains.Walk(name.Value))
        {
            _result.Blocks++;
            if (entered.Remove(block.Position, out var heads) && heads.Exists(h => h.Hash != hash))
            {
                _result.Add(
                    name.Value, RefusalCode.LedgerAltered, $"position {block.Position}: the cluster's chain entered another block");
            }

            if (!replay.Take(block, now))
            {
                unknown.Add(block.Kind);
            }
        }

        if (entered.Count > 0)
        {
            _result.Add(name.Value, RefusalCode.LedgerAltered,
                $"the cluster's chain entered block {entered.Keys.Max()}; the end is missing");
        }

        if (unknown.Count > 0)
        {
            _result.NotCompared.Add(
                $"customer {name}: its chain has blocks of kinds that this version does not know: {string.Join(' ', unknown)}");
            return;
        }

        new ReplayComparison(tables, customer, _result).Run(replay);
    }

    private void Entries(CustomerRecord customer)
    {
        if (!customer.SignedCustody.IsBy(customer.Custody.Identity) || customer.Custody.Customer != customer.Customer)
        {
            throw new AlteredException(RefusalCode.CustodyAltered, "the custody record is not signed by its identity");
        }

        if (!customer.SignedHead.IsBy(customer.Custody.Identity) || customer.Head.Customer != customer.Customer)
        {
            throw new AlteredException(RefusalCode.HeadAltered, "the head is not signed by the customer's identity");
        }

        var tree = new SparseTree(tables.Nodes(customer.Customer));
        var (leaves, entries) = (tree.CountVerified(), 0ul);
        foreach (var key in EntryKey.Types.SelectMany(type => Keys(customer.Customer, type)))
        {
            EntryCache.Read(tables, tree, customer, key);
            entries++;
            _result.Rows += key.Type == EntryKey.RowType ? 1u : 0u;
        }

        _result.Entries += entries;
        if (leaves != entries)
        {
            throw new AlteredException(RefusalCode.EntryAltered,
                $"{leaves} entries and rows stand under the head, and {entries} are there");
        }
    }

    private IEnumerable<EntryKey> Keys(Name customer, string type)
    {
        for (var after = ""; ;)
        {
            var page = tables.Entries(customer, type, after, Page);
            foreach (var entry in page)
            {
                yield return entry.Key;
                after = entry.Key.Id;
            }

            if (page.Count < Page)
            {
                yield break;
            }
        }
    }
}
