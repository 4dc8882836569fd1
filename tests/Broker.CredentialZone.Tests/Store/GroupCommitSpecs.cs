using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Tests.Store;

public sealed class GroupCommitSpecs : IDisposable
{
    private readonly ZoneUnderTest _zone = new(ZoneUnderTest.Sqlite);

    public void Dispose() => _zone.Dispose();

    [Fact]
    public void Operations_of_a_batch_should_share_one_transaction_and_one_signature()
    {
        var customer = _zone.Ready();
        var commits = _zone.Store.Commits;
        var releases = Enumerable.Range(0, 50).Select(_ => new ReleaseRows(customer.Call(customer.Launch()))).ToList();
        _zone.Store.Commit(releases);
        Assert.Equal(1, _zone.Store.Commits - commits);
        var receipts = releases.Select(r => Released(r).Receipt).ToList();
        Assert.Single(receipts.Select(r => Convert.ToHexString(r.Batch.Signature.Span)).Distinct());
        Assert.All(receipts, r => Assert.NotNull(r.Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster)));
        Assert.Equal(53, LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, _zone.LedgerKey.Key).Count);
    }

    [Fact]
    public void Refused_operation_should_leave_nothing_and_not_touch_the_others()
    {
        var (a, b) = (_zone.Ready("aaa"), _zone.Ready("bbb"));
        var (first, last) = (new ReleaseRows(a.Call(a.Launch())), new ReleaseRows(b.Call(b.Launch())));
        var key = a.NewId();
        var call = a.Call(a.Launch("none", key: key));
        var (refused, after) = (new ReleaseRows(call), new ReleaseRows(a.Call(a.Launch(key: key))));
        _zone.Store.Commit([first, refused, after, last]);
        Assert.IsType<StoreResult<ReleaseResult>.Refused>(ZoneUnderTest.Ended(refused));

        // The refused one's idempotency key is free again, and its blocks are in no chain.
        foreach (var done in new[] { first, after, last })
        {
            Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(done));
        }

        Assert.Equal(5, LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, "aaa", _zone.LedgerKey.Key).Count);
        Assert.Equal(2u, _zone.Store.Customer(a.Name)!.Customer.OpenHandOffs);
        Assert.Equal(2, _zone.Store.HandOffs(a.Name, openOnly: true, null, 10).Count);
    }

    [Fact]
    public void Operation_that_fails_should_leave_nothing_and_not_touch_the_others()
    {
        var customer = _zone.Ready();
        var (before, failing, after) = (
            new ReleaseRows(customer.Call(customer.Launch())), new Failing(customer.Name.Value),
            new ReleaseRows(customer.Call(customer.Launch())));
        _zone.Store.Commit([before, failing, after]);
        Assert.IsType<StoreException>(failing.Result.Exception!.InnerException);
        Released(before);
        Released(after);
        Assert.Equal(5, LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, _zone.LedgerKey.Key).Count);
    }

    [Fact]
    public void Operations_should_see_what_those_before_them_in_the_batch_did()
    {
        var customer = _zone.Ready();
        var commit = customer.Commit([customer.Credential("db", 2), customer.Row("db", 2)]);
        var call = customer.Call(customer.Launch());
        var (release, again, outcome, locked, late) = (
            new ReleaseRows(call),
            new ReleaseRows(call),
            customer.Append(call, HandOffState.Acknowledged),
            new RaiseLock(customer.Name, customer.Request(UserAction.Lock, new LockPayload(0, "drill"))),
            new ReleaseRows(customer.Call(customer.Launch())));
        _zone.Store.Commit([commit, release, again, outcome, locked, late]);
        Assert.Contains(Released(release).Entries, e => e.Key.Id == "db/2");
        Assert.True(Released(again).Again);
        Assert.IsType<StoreResult<LedgerPoint>.Done>(ZoneUnderTest.Ended(outcome));
        Assert.Equal(
            RefusalCode.Locked, Assert.IsType<StoreResult<ReleaseResult>.Refused>(ZoneUnderTest.Ended(late)).Refusal.Code);
    }

    private static ReleaseResult.Released Released(ReleaseRows release) =>
        Assert.IsType<ReleaseResult.Released>(Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(release)).Value);

    private sealed class Failing(string chain) : StoreOperation<bool>
    {
        public override StoreRefusal? Run(Engine.WriteContext context)
        {
            context.Append(chain, BlockKind.Refusal, [1]);
            context.Tables.SetMeta("left-behind", [1]);
            throw new InvalidOperationException("on purpose");
        }

        protected override bool Finish() => true;
    }
}
