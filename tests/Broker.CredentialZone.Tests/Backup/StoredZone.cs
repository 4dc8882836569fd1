using Broker.CredentialZone.Backup;
using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Host;
using Broker.Host.Running;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.CredentialZone.Tests.Backup;

/// <summary>
/// A zone's store on disk, with the certificates of its installation, and the commands on it as the command line has them.
/// </summary>
internal sealed class StoredZone : IDisposable
{
    private readonly TestInstallation _installation = new();
    private readonly InstallationKey _ledger;

    public StoredZone(PostgresOptions? postgres = null)
    {
        Postgres = postgres;
        _ledger = _installation.Key(LinkRole.Ledger, "ledger-1");
        Store = Open();
    }

    public PostgresOptions? Postgres { get; }

    public ZoneStore? Store { get; private set; }

    public string Database => Path("zone.db");

    public string Said { get; private set; } = "";

    public string Path(string file) => _installation.Path(file);

    public void Close()
    {
        Store?.Dispose();
        Store = null;
    }

    public void Reopen() => Store = Open();

    /// <summary>A customer of whom everything that can stand in a store does.</summary>
    public TestCustomer Customer(string name)
    {
        var customer = new TestCustomer(ZoneUnderTest.Cluster, name, TimeProvider.System);
        Do(customer.Enrol());
        Do(customer.Commit([customer.Grant(), customer.Policy(), customer.Credential("db", 1), customer.Row("db", 1)]));
        var used = customer.Call(customer.Launch());
        Do(new ReleaseRows(used));
        Do(customer.Append(used, HandOffState.Acknowledged));
        Do(customer.Append(used, HandOffState.Used));
        Do(new ReleaseRows(customer.Call(customer.Launch())));
        Do(new InviteAgent(customer.Name, customer.Fence, customer.Request(
            Protocol.Requests.UserAction.InviteAgent,
            new Protocol.Requests.InviteAgentPayload(
                TestCustomer.N("web-2"), "i-2", [], new SignerKey().Key, TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(5)))));
        Do(new RaiseLock(customer.Name, customer.Request(
            Protocol.Requests.UserAction.Lock, new Protocol.Requests.LockPayload(0, "drill"))));
        Do(new KeepHouse(Name.Parse("zone-1")));
        return customer;
    }

    public T Do<T>(StoreOperation<T> operation)
    {
        Store!.Commit([operation]);
        return Assert.IsType<StoreResult<T>.Done>(ZoneUnderTest.Ended(operation)).Value;
    }

    public void Sql(string sql, string? file = null)
    {
        using var connection = new SqliteConnectionHandle(file ?? Database, readOnly: false);
        connection.Script("PRAGMA foreign_keys = OFF; " + sql);
    }

    /// <summary>Runs a command and keeps what it said.</summary>
    public int Run(string verb, params (string Option, string Value)[] options)
    {
        var said = new StringWriter();
        var settings = new ZoneSettings(
            new TlsSettings(Path("root.crt"), "", ""), new System.Net.IPEndPoint(0, 0), "", "", null, null,
            new SqliteOptions(Database, 2, 0), ZoneUnderTest.Limits, 64)
        {
            Postgres = Postgres,
        };
        var input = new NodeVerbInput(options.ToDictionary(o => o.Option, o => o.Value), TimeProvider.System, said, said);
        try
        {
            return BackupVerbs.All.Single(v => v.Name == verb).Run(settings, input);
        }
        catch (StartException refused)
        {
            said.WriteLine(refused.Message);
            return ExitCodes.Start;
        }
        finally
        {
            Said = said.ToString();
        }
    }

    public void Dispose()
    {
        Close();
        _ledger.Dispose();
        _installation.Dispose();
    }

    private ZoneStore Open()
    {
        IZoneDatabase database = Postgres is null
            ? SqliteZoneDatabase.Open(new SqliteOptions(Database, 2, 0))
            : PostgresDatabase.Open(Postgres);
        try
        {
            return ZoneStore.Open(
                database, ZoneUnderTest.Cluster, ZoneUnderTest.Limits,
                new LedgerSigner(_ledger.PublicKey, _ledger.ChainDer[0], _ledger.Sign, new MemoryStream()), null, TimeProvider.System,
                NullLogger.Instance);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
