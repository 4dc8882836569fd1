using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>What every store releases of a credential whose versions have stages.</summary>
public abstract class VersionConformance : IDisposable
{
    private readonly ZoneUnderTest _zone;
    private readonly TestCustomer _customer;

    private protected VersionConformance(Func<string, IZoneDatabase> open)
    {
        _zone = new ZoneUnderTest(open);
        _customer = _zone.Ready();
    }

    public void Dispose()
    {
        _zone.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Row_should_stay_at_home_while_its_version_is_pending_or_retired()
    {
        var stages = Put(static s => s.Add(VersionStage.Pending, 8, DateTimeOffset.UnixEpoch, TestCustomer.N("alice")));
        Assert.Equal(RefusalCode.VersionPending, _zone.Refused(Release(2)));
        Assert.Equal([1u], Versions(0));

        stages = Step(stages, VersionStage.Staged);
        Assert.Equal([1u], Versions(0));
        Assert.Equal([2u], Versions(2));

        Step(stages, VersionStage.Current);
        Assert.Equal([2u], Versions(0));
        Assert.Equal(RefusalCode.VersionRetired, _zone.Refused(Release(1)));
        Assert.Equal(RefusalCode.UnknownCredential, _zone.Refused(Release(3)));
        Assert.Equal(4u, _zone.Store.Customer(_customer.Name)!.Customer.OpenHandOffs);
    }

    [Fact]
    public void Earlier_versions_of_a_credential_without_stages_should_be_released_as_before()
    {
        _zone.Do(_customer.Commit([_customer.Credential("db", 2), _customer.Row("db", 2)]));
        Assert.Equal([1u], Versions(1));
        Assert.Equal([2u], Versions(0));
    }

    [Fact]
    public void Promotion_should_release_to_each_holder_while_its_order_stands()
    {
        var held = _customer.Call(_customer.Launch());
        _zone.Do(new ReleaseRows(held));
        _zone.Do(_customer.Append(held, HandOffState.Acknowledged));
        var promotion = _customer.Request(
            UserAction.PromoteVersion, new PromotePayload(TestCustomer.N("db"), 2, 1, true, []));
        var launch = new HolderLaunch(
            TestCustomer.N("web-1"), held.HandOff, [new LaunchItem(TestCustomer.N("db"), 2, TestCustomer.N("hold"))], 1);

        // Staged, and not promoted: whatever somebody signed, there is no order of it.
        var stages = Step(Put(static s => s.Add(VersionStage.Pending, 8, DateTimeOffset.UnixEpoch, TestCustomer.N("alice"))),
            VersionStage.Staged);
        Assert.Equal(RefusalCode.HandOverEnded, _zone.Refused(new ReleaseRows(To(promotion, launch))));
        Step(stages, VersionStage.Current);
        _zone.Do(_customer.Commit([Order(promotion)], [promotion]));

        var call = To(promotion, launch);
        var released = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call)));
        Assert.Contains(released.Entries, static e => e.Key == EntryKey.HandOver(TestCustomer.N("db")) && e.Entry is not null);
        Assert.True(Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call))).Again);
        var second = To(promotion, launch with { Round = 2 });
        Assert.Equal(RefusalCode.WrongAttempt, _zone.Refused(new ReleaseRows(second with { Attempt = 2 })));
        Assert.Equal(RefusalCode.WrongHandOff, _zone.Refused(new ReleaseRows(call with { HandOff = held.HandOff })));
        Assert.Equal(RequestRefusal.Malformed, _zone.Refused(new ReleaseRows(call with { Launch = default })));
        Assert.Equal(RequestRefusal.WrongAction, _zone.Refused(new ReleaseRows(
            To(_customer.Request(UserAction.PutCredential, new PromotePayload(TestCustomer.N("db"), 2, 1, true, [])), launch))));
        _zone.Do(_customer.Append(call, HandOffState.Acknowledged));
        Assert.IsType<ReleaseResult.Ended>(_zone.Do(new ReleaseRows(call)));

        var journal = _zone.Store.HandOff(_customer.Name, call.HandOff)!;
        Assert.Equal(launch.Encode(), journal.Launch.ToArray());
        Assert.Equal(_customer.Counter, journal.HeadCounter);
        Assert.True(_zone.Store.HandOff(_customer.Name, held.HandOff)!.Launch.IsEmpty);
        ShouldReplay();

        _zone.Do(_customer.Commit([TestCustomer.Remove(EntryKey.HandOver(TestCustomer.N("db")))]));
        Assert.Equal(RefusalCode.HandOverEnded, _zone.Refused(new ReleaseRows(To(promotion, launch with { Round = 2 }))));
    }

    // What is rebuilt from the chain alone is what the journal has.
    private void ShouldReplay()
    {
        var replay = new CustomerReplay();
        foreach (var receipt in _zone.Store.Ledger(_customer.Name.Value, 0, 1000).Receipts)
        {
            Assert.True(replay.Take(Statement.Read<Block>(receipt.Block.Span), _zone.Time.GetUtcNow()));
        }

        foreach (var (id, said) in replay.HandOffs)
        {
            var stored = _zone.Store.HandOff(_customer.Name, id)!.HandOff;
            Assert.Equal(stored, said with { Released = stored.Released, Updated = stored.Updated });
        }
    }

    private EntryChange Order(SignedRequest promotion) => _customer.Entry(
        EntryKey.HandOver(TestCustomer.N("db")),
        new HandOverOrder(
            ZoneUnderTest.Cluster, _customer.Name, TestCustomer.N("db"), 2, _customer.Counter, DateTimeOffset.UnixEpoch,
            promotion.Encode()));

    private ReleaseCall To(SignedRequest promotion, HolderLaunch launch) => new(
        _customer.Name, _customer.Fence, promotion, HandOffId.Of(promotion.Hash, launch.Encode()), 1, _customer.Counter)
    {
        Launch = launch.Encode(),
    };

    private CredentialStages Put(Func<CredentialStages, CredentialStages> next)
    {
        var entry = Statement.Read<CredentialEntry>(_customer.Credential("db", 1).Statement!.Value.Span);
        var stages = next(CredentialStages.Of(entry));
        _zone.Do(_customer.Commit([Entry(entry.With(stages)), _customer.Row("db", stages.Latest)]));
        return stages;
    }

    private CredentialStages Step(CredentialStages before, VersionStage stage)
    {
        var stages = before.Move(2, stage, DateTimeOffset.UnixEpoch, TestCustomer.N("alice"));
        var entry = Statement.Read<CredentialEntry>(_customer.Credential("db", 1).Statement!.Value.Span);
        _zone.Do(_customer.Commit([Entry(entry.With(stages))]));
        return stages;
    }

    private EntryChange Entry(CredentialEntry entry) => _customer.Entry(EntryKey.Credential(entry.Credential), entry);

    private ReleaseRows Release(uint version) => new(_customer.Call(_customer.Launch(version: version)));

    private IEnumerable<uint> Versions(uint version) => Assert.IsType<ReleaseResult.Released>(_zone.Do(Release(version))).Entries
        .Where(static e => e.Key.Type == EntryKey.RowType)
        .Select(static e => StoredRow.ReadHeader(e.Entry!.Statement.Span).Version);
}

/// <summary>Versions with stages on SQLite.</summary>
public sealed class SqliteVersionSpecs() : VersionConformance(ZoneUnderTest.Sqlite);
