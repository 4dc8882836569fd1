using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Postgres;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>A store on a database in a directory of its own, which can be closed and opened again.</summary>
internal sealed class ZoneUnderTest : IDisposable
{
    private static readonly IDisposable Nothing = new MemoryStream();

    private readonly Func<string, IZoneDatabase> _open;
    private readonly bool _ownsDirectory;
    private ZoneLimits _limits;

    public ZoneUnderTest(
        Func<string, IZoneDatabase> open, string? directory = null, ZoneLimits? limits = null, SignerKey? ledger = null,
        WallClock? time = null)
    {
        (_open, _limits, _ownsDirectory) = (open, limits ?? Limits, directory is null);
        Time = time ?? new WallClock();
        DirectoryPath = directory ?? Directory.CreateTempSubdirectory("zone-").FullName;
        LedgerKey = ledger ?? new SignerKey();
        try
        {
            (Database, Store) = Start(null);
        }
        catch
        {
            DeleteDirectory();
            throw;
        }
    }

    public static ZoneLimits Limits => new(
        ReleasesPerMinute: 1000, OpenHandOffs: 1000, OpenUses: 1000, OpenInvitations: 8, RefusalsPerMinute: 3, ReservedBytes: 0);

    public static Name Cluster => Name.Parse("test");

    public static Func<string, IZoneDatabase> Sqlite => directory =>
        SqliteZoneDatabase.Open(new SqliteOptions(Path.Combine(directory, "zone.db"), Readers: 2, MaxBytes: 0));

    public WallClock Time { get; }

    public string DirectoryPath { get; }

    public SignerKey LedgerKey { get; private set; }

    public IZoneDatabase Database { get; private set; }

    public ZoneStore Store { get; private set; }

    public TestCustomer NewCustomer(string name = "acme") => new(Cluster, name, Time);

    /// <summary>An enrolled customer with a grant, a policy and a credential <c>db</c> of one version.</summary>
    public TestCustomer Ready(string name = "acme")
    {
        var customer = NewCustomer(name);
        Do(customer.Enrol());
        Do(customer.Commit([customer.Grant(), customer.Policy(), customer.Credential("db", 1), customer.Row("db", 1)]));
        return customer;
    }

    /// <summary>Commits one operation and returns what it returns.</summary>
    public T Do<T>(StoreOperation<T> operation)
    {
        Store.Commit([operation]);
        return Assert.IsType<StoreResult<T>.Done>(Ended(operation)).Value;
    }

    /// <summary>Commits one operation and returns the code with which it is refused.</summary>
    public string Refused<T>(StoreOperation<T> operation)
    {
        Store.Commit([operation]);
        return Assert.IsType<StoreResult<T>.Refused>(Ended(operation)).Refusal.Code;
    }

    public static StoreResult<T> Ended<T>(StoreOperation<T> operation)
    {
        Assert.True(operation.Result.IsCompleted);
        return operation.Result.GetAwaiter().GetResult();
    }

    public void Reopen(ZoneLimits? limits = null, SignerKey? ledger = null)
    {
        Store.Dispose();
        _limits = limits ?? _limits;
        var before = ledger is null ? null : LedgerKey;
        LedgerKey = ledger ?? LedgerKey;
        (Database, Store) = Start(before);
    }

    public void Dispose()
    {
        Store.Dispose();
        DeleteDirectory();
    }

    private void DeleteDirectory()
    {
        if (_ownsDirectory)
        {
            PostgresTests.Drop(DirectoryPath);
            Directory.Delete(DirectoryPath, recursive: true);
        }
    }

    private (IZoneDatabase Database, ZoneStore Store) Start(SignerKey? predecessor)
    {
        var database = _open(DirectoryPath);
        try
        {
            var store = ZoneStore.Open(
                database, Cluster, _limits, Signer(LedgerKey), predecessor is null ? null : Signer(predecessor), Time, NullLogger.Instance);
            return (database, store);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    // The store takes any bytes for the certificate; that it is one of role ledger is checked where it is loaded.
    private static LedgerSigner Signer(SignerKey key) => new(key.Key, key.Key.Bytes, key.Sign, Nothing);
}
