using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Ledger;

public sealed class LedgerSpecs : IDisposable
{
    private readonly ZoneUnderTest _zone = new(ZoneUnderTest.Sqlite);

    public void Dispose() => _zone.Dispose();

    [Fact]
    public void Customer_chain_should_tell_the_whole_story_in_order()
    {
        var customer = _zone.Ready();
        var call = customer.Call(customer.Launch());
        _zone.Do(new ReleaseRows(call));
        _zone.Do(customer.Append(call, HandOffState.Acknowledged));
        _zone.Do(customer.Append(call, HandOffState.Used));
        var blocks = Walk(customer.Name.Value, _zone.LedgerKey.Key);
        Assert.Equal(
            [BlockKind.Enrolled, BlockKind.Claim, BlockKind.Change, BlockKind.Intent, BlockKind.Outcome, BlockKind.Outcome],
            blocks.Select(b => b.Kind));
        var state = _zone.Store.Customer(customer.Name)!;
        Assert.Equal(new LedgerPoint(6, LedgerWalker.LastHash(blocks)), state.Ledger);
    }

    [Fact]
    public void First_ledger_key_should_enter_the_cluster_chain_by_itself()
    {
        var block = Assert.Single(Walk(Block.ClusterChain, _zone.LedgerKey.Key));
        Assert.Equal(BlockKind.LedgerKey, block.Kind);
        Assert.Equal(_zone.LedgerKey.Key.Bytes.ToArray(), Statement.Read<LedgerKeyRecord>(block.Body.Span).Certificate.ToArray());
        _zone.Reopen();
        Assert.Single(Walk(Block.ClusterChain, _zone.LedgerKey.Key));
    }

    [Fact]
    public void New_ledger_key_should_be_entered_by_its_predecessor()
    {
        var (old, next) = (_zone.LedgerKey, new SignerKey());
        var customer = _zone.Ready();
        _zone.Reopen(ledger: next);
        _zone.Do(new ReleaseRows(customer.Call(customer.Launch())));
        Assert.Equal(2, Walk(Block.ClusterChain, old.Key).Count);
        var blocks = Walk(customer.Name.Value, old.Key, next.Key);
        var last = _zone.Store.Ledger(customer.Name.Value, (ulong)blocks.Count - 1, 1).Receipts[0];
        Assert.Equal(next.Key.Fingerprint, last.Batch.Read<Batch>().LedgerKey);
    }

    [Fact]
    public void New_ledger_key_without_its_predecessor_should_not_start()
    {
        _zone.Store.Dispose();
        var fault = Assert.Throws<StoreException>(
            () => new ZoneUnderTest(ZoneUnderTest.Sqlite, _zone.DirectoryPath, ledger: new SignerKey()));
        Assert.Contains("predecessor", fault.Message, StringComparison.Ordinal);
        _zone.Reopen();
    }

    [Fact]
    public void Cluster_chain_should_enter_the_heads_of_chains_that_grew_and_only_those()
    {
        var (a, b) = (_zone.Ready("aaa"), _zone.Ready("bbb"));
        _zone.Do(new KeepHouse(Name.Parse("zone-1")));
        _zone.Do(new ReleaseRows(b.Call(b.Launch())));
        _zone.Do(new KeepHouse(Name.Parse("zone-1")));
        _zone.Do(new KeepHouse(Name.Parse("zone-1")));
        var heads = Walk(Block.ClusterChain, _zone.LedgerKey.Key).Where(x => x.Kind == BlockKind.ChainHead)
            .Select(x => Statement.Read<ChainHead>(x.Body.Span)).ToList();
        Assert.Equal([("aaa", 2ul), ("bbb", 2ul), ("bbb", 3ul)], heads.Select(h => (h.Customer.Value, h.Position)).Order());
        var end = Walk("bbb", _zone.LedgerKey.Key);
        Assert.Contains(heads, h => h.Hash == LedgerWalker.LastHash(end));
        _ = a;
    }

    [Fact]
    public void Refusals_beyond_the_budget_should_be_counted_and_recorded_once()
    {
        var customer = _zone.Ready();
        var recorded = Enumerable.Range(0, 8).Count(_ => _zone.Do(Report(customer.Name, "user/mallory")));
        Assert.Equal(3, recorded);
        Assert.True(_zone.Do(Report(customer.Name, "user/eve")));
        _zone.Do(new KeepHouse(Name.Parse("zone-1")));
        _zone.Time.Advance(TimeSpan.FromMinutes(1));
        _zone.Do(new KeepHouse(Name.Parse("zone-1")));
        _zone.Do(new KeepHouse(Name.Parse("zone-1")));
        var refusals = Walk(customer.Name.Value, _zone.LedgerKey.Key).Where(b => b.Kind == BlockKind.Refusal)
            .Select(b => Statement.Read<Refusal>(b.Body.Span)).ToList();
        Assert.Equal(5, refusals.Count);
        Assert.Equal(("user/mallory", 5u), (refusals[^1].Principal, refusals[^1].More));
        Assert.True(_zone.Do(Report(customer.Name, "user/mallory")));
        Assert.True(_zone.Do(Report(TestCustomer.N("nobody"), "user/x")));
        Assert.Equal(BlockKind.Refusal, Walk(Block.ClusterChain, _zone.LedgerKey.Key)[^1].Kind);
        Assert.Equal(RefusalCode.Malformed, _zone.Refused(Report(null, new string('x', 1000))));
    }

    [Fact]
    public void Time_of_record_should_not_run_backwards()
    {
        var customer = _zone.Ready();
        _zone.Time.Advance(-TimeSpan.FromMinutes(2));
        _zone.Do(new ReleaseRows(customer.Call(customer.Launch())));
        var times = Walk(customer.Name.Value, _zone.LedgerKey.Key).Select(b => b.Time).ToList();
        Assert.Equal(times.Order(), times);
    }

    private static ReportRefusal Report(Name? customer, string principal) =>
        new(Name.Parse("dmz-1"), customer, principal, "launch", "request-bad-signature");

    private IReadOnlyList<Block> Walk(string chain, params PublicKey[] keys) =>
        LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, chain, keys);
}
