using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.TestKit;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Two zone nodes, each with its own engine and what it remembers, on one database.</summary>
public sealed class SharedDatabaseSpecs : IDisposable
{
    private readonly ZoneUnderTest _one = new(PostgresTests.Open);
    private ZoneUnderTest? _two;

    private ZoneUnderTest Two => _two ??= Another();

    public void Dispose()
    {
        _two?.Dispose();
        _one.Dispose();
    }

    [SkippableFact]
    public void Fence_raised_at_one_node_should_hold_at_the_other()
    {
        var customer = _one.Ready();
        _one.Do(new ReleaseRows(customer.Call(customer.Launch())));
        Assert.Equal(2ul, Two.Do(new ClaimCustomer(customer.Claim(2), null)).Customer.Fence);

        Assert.Equal(RefusalCode.StaleFence, _one.Refused(new ReleaseRows(customer.Call(customer.Launch()))));
        Assert.Equal(3ul, _one.Do(new ClaimCustomer(customer.Claim(3), null)).Customer.Fence);
        customer.Fence = 2;
        Assert.Equal(RefusalCode.StaleFence, Two.Refused(new ReleaseRows(customer.Call(customer.Launch()))));
        customer.Fence = 3;
        Two.Do(new ReleaseRows(customer.Call(customer.Launch())));
        Assert.Equal(2u, _one.Store.Customer(customer.Name)!.Customer.OpenHandOffs);
    }

    [SkippableFact]
    public void Chain_should_go_on_in_turn_and_entries_be_read_under_the_newest_head()
    {
        var customer = _one.Ready();
        for (var version = 2u; version < 6; version++)
        {
            var (here, there) = version % 2 == 0 ? (_one, Two) : (Two, _one);
            here.Do(customer.Commit([customer.Credential("db", version), customer.Row("db", version)]));
            var call = customer.Call(customer.Launch());
            var released = Assert.IsType<ReleaseResult.Released>(there.Do(new ReleaseRows(call)));
            Assert.Contains(released.Entries, e => e.Key.Id == $"db/{version}");

            // The same call at the other node is the same hand-off.
            Assert.True(Assert.IsType<ReleaseResult.Released>(here.Do(new ReleaseRows(call))).Again);
            here.Do(customer.Append(call, HandOffState.Acknowledged));
        }

        Assert.Equal(19, LedgerWalker.Walk(Two.Store, ZoneUnderTest.Cluster, customer.Name.Value, _one.LedgerKey.Key).Count);
    }

    [SkippableFact]
    public void Time_of_record_should_not_run_backwards_where_the_clocks_of_the_nodes_differ()
    {
        var customer = _one.Ready();
        using var behind = new ZoneUnderTest(PostgresTests.Open, _one.DirectoryPath, ledger: _one.LedgerKey);
        for (var turn = 0; turn < 3; turn++)
        {
            _one.Time.Advance(TimeSpan.FromSeconds(10));
            _one.Do(new ReleaseRows(customer.Call(customer.Launch())));
            behind.Do(new ReleaseRows(customer.Call(customer.Launch())));
            var known = behind.Refused(new ReleaseRows(customer.Call(customer.Launch()) with { Fence = 7 }));
            Assert.Equal(RefusalCode.StaleFence, known);
            behind.Do(new ReleaseRows(customer.Call(customer.Launch())));
        }

        var times = LedgerWalker.Walk(_one.Store, ZoneUnderTest.Cluster, customer.Name.Value, _one.LedgerKey.Key)
            .Select(static b => b.Time).ToList();
        Assert.Equal(times.Order(), times);
        Assert.True(times[^1] > behind.Time.GetUtcNow());
    }

    [SkippableFact]
    public async Task Many_at_once_should_never_fork_a_chain_or_give_one_fence_twice()
    {
        const int Rounds = 40;
        TestCustomer[] customers = [_one.Ready("aaa"), _one.Ready("bbb"), _one.Ready("ccc")];
        var load = new SharedLoad(customers);
        using var start = new Barrier(2);

        // The batches name the customers in opposite orders.
        var nodes = new[] { (Zone: _one, Order: new[] { 0, 1, 2 }), (Zone: Two, Order: [2, 1, 0]) };
        await Task.WhenAll(nodes.Select(node => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    // In the first round both claim under the fence that both have read: one meets the other's, however they go on.
                    var isFirst = round == 0;
                    load.Run(node.Zone.Store, node.Order, round, () =>
                    {
                        if (isFirst)
                        {
                            Assert.True(start.SignalAndWait(Patience.Limit));
                        }
                    });
                }
            },
            TaskCreationOptions.LongRunning)));

        foreach (var customer in customers)
        {
            var blocks = LedgerWalker.Walk(_one.Store, ZoneUnderTest.Cluster, customer.Name.Value, _one.LedgerKey.Key);
            var state = Two.Store.Customer(customer.Name)!;
            Assert.Equal(new LedgerPoint((ulong)blocks.Count, LedgerWalker.LastHash(blocks)), state.Ledger);
            Assert.Equal(load.Claims(customer).Order(), Enumerable.Range(2, (int)state.Customer.Fence - 1).Select(static f => (ulong)f));
            Assert.Equal(load.Released(customer), blocks.Count(b => b.Kind == BlockKind.Intent));
            Assert.Equal((uint)load.Released(customer), state.Customer.OpenHandOffs);
            Assert.True(load.Released(customer) > 0, "nothing was released");
        }

        Assert.True(load.Stale > 0, "the nodes never met");
        _one.Do(new KeepHouse(TestCustomer.N("zone-1")));
        LedgerWalker.Walk(Two.Store, ZoneUnderTest.Cluster, Block.ClusterChain, _one.LedgerKey.Key);
    }

    [SkippableFact]
    public async Task Customer_enrolled_at_both_nodes_at_once_should_be_enrolled_once()
    {
        for (var round = 0; round < 5; round++)
        {
            var enrolments = new[] { _one, Two }
                .Select(zone => (Zone: zone, Operation: zone.NewCustomer($"new-{round}").Enrol())).ToArray();
            using var start = new Barrier(2);
            await Task.WhenAll(enrolments.Select(e => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    e.Zone.Store.Commit([e.Operation]);
                },
                TaskCreationOptions.LongRunning)));

            var ends = enrolments.Select(static e => ZoneUnderTest.Ended(e.Operation)).ToList();
            Assert.Single(ends.OfType<StoreResult<CommitResult>.Done>());
            Assert.Equal(RefusalCode.CustomerExists, ends.OfType<StoreResult<CommitResult>.Refused>().Single().Refusal.Code);
            Assert.Equal(2, LedgerWalker.Walk(_one.Store, ZoneUnderTest.Cluster, $"new-{round}", _one.LedgerKey.Key).Count);
        }
    }

    [SkippableFact]
    public async Task Housekeeping_of_both_at_once_should_enter_each_end_once()
    {
        Name[] names = [.. Enumerable.Range(0, 5).Select(i => _one.Ready($"c-{i}").Name)];
        using var start = new Barrier(2);
        await Task.WhenAll(new[] { _one, Two }.Select(zone => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                zone.Do(new KeepHouse(TestCustomer.N("zone")));
            },
            TaskCreationOptions.LongRunning)));

        var entered = LedgerWalker.Walk(_one.Store, ZoneUnderTest.Cluster, Block.ClusterChain, _one.LedgerKey.Key);
        Assert.Equal(names.Length, entered.Count(static b => b.Kind == BlockKind.ChainHead));
    }

    [SkippableFact]
    public void Node_with_the_ledger_key_of_before_should_write_no_more()
    {
        var customer = _one.Ready();
        Two.Reopen(ledger: new SignerKey());

        var release = new ReleaseRows(customer.Call(customer.Launch()));
        _one.Store.Commit([release]);
        Assert.Contains("another key", release.Result.Exception!.InnerException!.Message, StringComparison.Ordinal);
        Two.Do(new ReleaseRows(customer.Call(customer.Launch())));
    }

    [SkippableFact]
    public async Task Nodes_that_start_at_once_on_an_empty_database_should_enter_the_ledger_key_once()
    {
        var directory = Directory.CreateTempSubdirectory("zone-").FullName;
        var key = new SignerKey();
        using var start = new Barrier(2);
        var zones = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return new ZoneUnderTest(PostgresTests.Open, directory, ledger: key, time: _one.Time);
            },
            TaskCreationOptions.LongRunning)));
        foreach (var zone in zones)
        {
            Assert.Single(LedgerWalker.Walk(zone.Store, ZoneUnderTest.Cluster, Block.ClusterChain, key.Key));
            zone.Dispose();
        }

        PostgresTests.Drop(directory);
        Directory.Delete(directory);
    }

    private ZoneUnderTest Another() => new(PostgresTests.Open, _one.DirectoryPath, ledger: _one.LedgerKey, time: _one.Time);
}
