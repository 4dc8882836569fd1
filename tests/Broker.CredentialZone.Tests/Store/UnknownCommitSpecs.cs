using Broker.Actors;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Fuzzing;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Writing;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>
/// The database ends the transaction and reports an error to COMMIT, as after a failing disk: whether it was kept is not known then. The
/// connection is made to do so on the real database; in one case everything was kept, in the other nothing.
/// </summary>
public sealed class UnknownCommitSpecs : IDisposable
{
    private readonly ZoneUnderTest _zone = new(ZoneUnderTest.Sqlite);

    private SqliteZoneDatabase Database => (SqliteZoneDatabase)_zone.Database;

    public void Dispose() => _zone.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Commit_of_unknown_end_should_be_told_as_such_and_be_repeatable(bool kept)
    {
        var customer = _zone.Ready();
        var call = customer.Call(customer.Launch());
        var (release, locked) = (new ReleaseRows(call), new ReleaseRows(customer.Call(customer.Launch("none"))));
        Break(kept);
        _zone.Store.Commit([release, locked]);

        // Neither is told as done or refused: what the refusal was decided by may not be there either.
        Assert.All(
            new[] { release, locked }, static r => Assert.IsType<UnknownCommitException>(r.Result.Exception!.InnerException));
        Assert.Equal(kept ? 4 : 3, Blocks(customer));
        Assert.Equal(kept, _zone.Store.HandOff(customer.Name, call.HandOff) is not null);

        var again = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call)));
        Assert.Equal(kept, again.Again);
        Assert.NotNull(again.Receipt.Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster));
        _zone.Do(customer.Append(call, HandOffState.Acknowledged));
        var after = Blocks(customer);
        _zone.Reopen();
        Assert.Equal(after, Blocks(customer));
        Assert.Equal(0u, _zone.Store.Customer(customer.Name)!.Customer.OpenHandOffs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Service_should_not_answer_a_commit_of_unknown_end_as_a_refusal(bool kept)
    {
        using var installation = new TestInstallation();
        await using var actors = new ActorSystem("zone");
        var writer = actors.Spawn(Props<WriterMessage>.Of(() => new WriterActor(_zone.Store, TestCustomer.N("zone-1"), 64)), "ledger");
        var service = new ZoneService(
            new ZoneIdentity(installation.Trust, TestCustomer.N("zone-1"), default, _zone.Time), _zone.Store,
            new ZoneWriter(_zone.Store, writer));
        var customer = _zone.Ready();
        var call = customer.Call(customer.Launch());
        Break(kept);

        // What the link makes of every exception but a malformed request is an unknown outcome, not a refusal.
        await Assert.ThrowsAsync<UnknownCommitException>(() => service.Release(null!, ValidCalls.Release(call), default));
        var reply = (await service.Release(null!, ValidCalls.Release(call), default)).Reply!;
        Assert.Equal(kept, reply.ReReleased);
        Assert.NotNull(Statement.Read<Receipt>(reply.Receipt.Span).Verify(_zone.LedgerKey.Key, ZoneUnderTest.Cluster));
    }

    // The next COMMIT finds its transaction ended already, and says so.
    private void Break(bool kept) => Database.BeforeStatement = sql =>
    {
        if (sql != "COMMIT")
            return;
        Database.BeforeStatement = null;
        if (kept)
            Database.Writer.Commit();
        else
            Database.Writer.Rollback();
    };

    private int Blocks(TestCustomer customer) =>
        LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, _zone.LedgerKey.Key).Count;
}
