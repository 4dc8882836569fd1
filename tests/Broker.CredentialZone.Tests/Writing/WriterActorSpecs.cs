using Broker.Actors;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Writing;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Broker.TestKit;

namespace Broker.CredentialZone.Tests.Writing;

public sealed class WriterActorSpecs : IAsyncLifetime, IDisposable
{
    private readonly ZoneUnderTest _zone = new(ZoneUnderTest.Sqlite);
    private readonly ActorSystem _system = new("zone");
    private readonly Gate _gate;
    private readonly ActorRef<WriterMessage> _actor;
    private readonly ZoneWriter _writer;

    public WriterActorSpecs()
    {
        _gate = new Gate();
        _actor = _system.Spawn(Props<WriterMessage>.Of(() => new WriterActor(_zone.Store, TestCustomer.N("zone-1"), 200)), "ledger");
        _writer = new ZoneWriter(_zone.Store, _actor);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _gate.Open();
        await _system.DisposeAsync();
    }

    public void Dispose()
    {
        _gate.Dispose();
        _zone.Dispose();
    }

    [Fact]
    public async Task Operations_that_wait_should_share_commits()
    {
        var customers = Enumerable.Range(0, 4).Select(i => _zone.Ready($"c{i}")).ToList();
        var before = _zone.Store.Commits;
        _actor.Tell(new WriterMessage.Submit(_gate));
        await _gate.Reached;
        var releases = Enumerable.Range(0, 120).Select(i => customers[i % 4])
            .Select(customer => _writer.Commit(new ReleaseRows(customer.Call(customer.Launch())))).ToList();
        _gate.Open();
        var results = await Task.WhenAll(releases).WaitAsync(Patience.Limit);
        Assert.All(results, r => Assert.IsType<StoreResult<ReleaseResult>.Done>(r));
        Assert.InRange(_zone.Store.Commits - before, 2, 3);
        Assert.Equal(33, LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, "c0", _zone.LedgerKey.Key).Count);
    }

    [Fact]
    public async Task Customer_that_floods_should_be_busy_while_others_are_served()
    {
        var (loud, quiet) = (_zone.Ready("loud"), _zone.Ready("quiet"));
        _actor.Tell(new WriterMessage.Submit(_gate));
        await _gate.Reached;
        var flood = Enumerable.Range(0, 90).Select(_ => _writer.Commit(new ReleaseRows(loud.Call(loud.Launch())))).ToList();
        var one = _writer.Commit(new ReleaseRows(quiet.Call(quiet.Launch())));
        _gate.Open();
        var results = await Task.WhenAll(flood).WaitAsync(Patience.Limit);
        Assert.IsType<StoreResult<ReleaseResult>.Done>(await one.WaitAsync(Patience.Limit));
        Assert.Equal(50, results.Count(r => r is StoreResult<ReleaseResult>.Done));
        Assert.All(results.OfType<StoreResult<ReleaseResult>.Refused>(), r => Assert.Equal(RefusalCode.Busy, r.Refusal.Code));
    }

    [Fact]
    public async Task More_chains_than_one_commit_enters_should_be_entered_one_after_the_other()
    {
        var customers = Enumerable.Range(0, 3).Select(i => _zone.Ready($"c{i}")).ToList();
        _actor.Tell(new WriterMessage.HouseKept(More: true));
        await _writer.Commit(new KeepHouse(TestCustomer.N("zone-1"))).WaitAsync(Patience.Limit);
        var heads = LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, Block.ClusterChain, _zone.LedgerKey.Key)
            .Where(b => b.Kind == BlockKind.ChainHead);
        Assert.Equal(customers.Count, heads.Count());
    }

    [Fact]
    public async Task Heads_of_chains_that_grew_should_be_entered_each_minute()
    {
        var time = new ManualTime();
        await using var system = new ActorSystem("minute", new ActorSystemOptions { Time = time });
        var actor = system.Spawn(Props<WriterMessage>.Of(() => new WriterActor(_zone.Store, TestCustomer.N("zone-1"), 200)), "ledger");
        var (writer, customer) = (new ZoneWriter(_zone.Store, actor), _zone.Ready());
        for (var minute = 1; minute <= 3; minute++)
        {
            await writer.Commit(new ReleaseRows(customer.Call(customer.Launch()))).WaitAsync(Patience.Limit);
            time.Advance(TimeSpan.FromMinutes(1));
            await writer.Commit(new ReportRefusal(TestCustomer.N("dmz-1"), null, "user/x", "login", "x")).WaitAsync(Patience.Limit);
            var entered = LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, Block.ClusterChain, _zone.LedgerKey.Key)
                .Where(b => b.Kind == BlockKind.ChainHead).Select(b => Statement.Read<ChainHead>(b.Body.Span).Position);
            Assert.Equal(Enumerable.Range(3, minute).Select(p => (ulong)p), entered);
        }
    }

    [Fact]
    public async Task Stop_should_end_what_waits_and_wait_for_what_is_in_flight()
    {
        var customer = _zone.Ready();
        _actor.Tell(new WriterMessage.Submit(_gate));
        await _gate.Reached;
        var waiting = _writer.Commit(new ReleaseRows(customer.Call(customer.Launch())));
        var stop = _system.StopAsync(_actor, Patience.Limit);
        Assert.False(stop.IsCompleted);
        _gate.Open();
        await Assert.ThrowsAsync<StoreException>(() => waiting.WaitAsync(Patience.Limit));
        Assert.True(await stop);
        Assert.True(_gate.Result.IsCompletedSuccessfully);
        await Assert.ThrowsAsync<StoreException>(() => _writer.Commit(new KeepHouse(TestCustomer.N("zone-1"))).WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task Signatures_verified_ahead_should_decide_nothing()
    {
        // The hint is taken under one key; a forged statement is refused inside the commit all the same.
        var customer = _zone.Ready();
        var call = customer.Call(customer.Launch());
        await _writer.Commit(new ReleaseRows(call)).WaitAsync(Patience.Limit);
        var forged = await _writer.Commit(customer.Append(call, HandOffState.Acknowledged, by: new SignerKey())).WaitAsync(Patience.Limit);
        Assert.Equal(RefusalCode.BadSignature, Assert.IsType<StoreResult<LedgerPoint>.Refused>(forged).Refusal.Code);
        var other = new SignerKey();
        var wrongHint = customer.Append(call, HandOffState.Acknowledged, by: other);
        wrongHint.Verify(other.Key);
        _zone.Store.Commit([wrongHint]);
        Assert.Equal(RefusalCode.BadSignature, Assert.IsType<StoreResult<LedgerPoint>.Refused>(await wrongHint.Result).Refusal.Code);
        var good = await _writer.Commit(customer.Append(call, HandOffState.Acknowledged)).WaitAsync(Patience.Limit);
        Assert.IsType<StoreResult<LedgerPoint>.Done>(good);
    }

    /// <summary>An operation that holds its commit until the test lets it go.</summary>
    private sealed class Gate : StoreOperation<bool>, IDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new();

        public Task Reached => _reached.Task.WaitAsync(Patience.Limit);

        public void Open() => _open.Set();

        public override StoreRefusal? Run(Engine.WriteContext context)
        {
            _reached.TrySetResult();
            Assert.True(_open.Wait(Patience.Limit));
            return null;
        }

        public void Dispose() => _open.Dispose();

        protected override bool Finish() => true;
    }
}
