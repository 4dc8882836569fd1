using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Directory;
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
