using System.Net;
using Broker.CredentialZone.Migration;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.Host;
using Broker.Host.Health;
using Broker.Host.Running;
using Broker.Links.Identity;
using Broker.Protocol.Requests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Tables are made by the migration alone; a zone's role owns nothing; the server is believed by its certificate.</summary>
public sealed class PostgresSchemaSpecs : IDisposable
{
    private readonly TestInstallation _installation = new();

    public void Dispose() => _installation.Dispose();

    [SkippableFact]
    public void Zone_should_say_what_to_do_with_tables_of_another_version()
    {
        var server = PostgresServer.Needed();
        var options = server.Options(server.NewDatabase());
        Assert.Contains("run broker-zone migrate", Refused(options), StringComparison.Ordinal);

        Assert.Contains("from schema version 0 to 1", Migrate(options, 0), StringComparison.Ordinal);
        Assert.Contains("already", Migrate(options, 0), StringComparison.Ordinal);
        PostgresDatabase.Open(options).Dispose();

        server.Sql(options.Database, "UPDATE meta SET value = '\\x00000063' WHERE name = 'schema-version'");
        Assert.Contains("version 99", Refused(options), StringComparison.Ordinal);
        Assert.Contains("newer broker-zone", Migrate(options, ExitCodes.Start), StringComparison.Ordinal);
        server.Sql(options.Database, "DELETE FROM meta");
        Assert.Contains("not noted", Refused(options), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Printed_statements_should_make_the_same_tables()
    {
        var server = PostgresServer.Needed();
        var options = server.Options(server.NewDatabase());
        server.Sql(options.Database, Migrate(options, 0, ("--print", "")));
        PostgresDatabase.Open(options).Dispose();
    }

    [SkippableFact]
    public void Role_with_the_printed_or_given_rights_should_do_all_that_a_zone_does_and_no_more()
    {
        var server = PostgresServer.Needed();
        var options = server.Options(server.NewDatabase(), "zone_role");
        Role(server, "zone_role");
        Assert.Contains("name the owner", Migrate(options, ExitCodes.Start, ("--grants", "")), StringComparison.Ordinal);
        Assert.Contains("granted    zone_role", Migrate(options, 0, ("--grants", ""), ("--as", "owner")), StringComparison.Ordinal);
        server.Sql(options.Database, Migrate(options, 0, ("--grants", ""), ("--print", "")));

        using (var zone = new ZoneUnderTest(_ => PostgresDatabase.Open(options)))
        {
            var customer = zone.Ready();
            var call = customer.Call(customer.Launch());
            zone.Do(new ReleaseRows(call));
            zone.Do(customer.Append(call, Broker.Protocol.Ledger.HandOffState.Acknowledged));
            zone.Do(customer.Commit([customer.Credential("db", 2), customer.Row("db", 2), TestCustomer.Remove(Broker.Protocol.Directory
                .EntryKey.Row(TestCustomer.N("db"), 1))]));
            zone.Do(new AdvanceGeneration(
                customer.Name, 1, TestCustomer.N("dmz-1"), TestCustomer.N("web-1"), customer.NewId(), 1));
            zone.Do(new RaiseLock(customer.Name, customer.Request(UserAction.Lock, new LockPayload(0, "drill"))));
            zone.Do(new KeepHouse(TestCustomer.N("zone-1")));
            zone.Reopen(ledger: new SignerKey());
        }

        foreach (var forbidden in new[]
        {
            "UPDATE blocks SET place = 0", "DELETE FROM blocks", "DELETE FROM batches", "DELETE FROM customers", "DELETE FROM chains",
            "DELETE FROM hand_offs", "TRUNCATE entries", "CREATE TABLE broker_zone.mine (a int)", "DROP TABLE blocks",
            "ALTER TABLE blocks ADD COLUMN a int",
        })
        {
            using var source = PostgresConnections.Create(options);
            using var connection = source.OpenConnection();
            using var command = new Npgsql.NpgsqlCommand(forbidden, connection);
            Assert.Equal("42501", Assert.Throws<Npgsql.PostgresException>(() => command.ExecuteNonQuery()).SqlState);
        }
    }

    [SkippableFact]
    public async Task Node_should_run_over_tls_as_a_role_that_owns_nothing()
    {
        var server = PostgresServer.Needed();
        var options = Tls(server, server.NewDatabase(), "tls_role");
        Migrate(options with { Hosts = [server.Socket] }, 0, ("--grants", ""), ("--as", "owner"));
        _installation.Key(LinkRole.Zone, "zone-1").Dispose();
        _installation.Key(LinkRole.Ledger, "ledger-1").Dispose();

        for (var start = 0; start < 2; start++)
        {
            await using var node = await ZoneNode.StartAsync(
                new NodeContext(NullLoggerFactory.Instance, new NodeHealth(), TimeProvider.System, _ => { }), Settings(options), default);
            await node.StopAsync(default);
        }

        Assert.Equal(1L, server.Value(options.Database, "SELECT count(*) FROM blocks WHERE chain = ''"));
    }

    [SkippableFact]
    public async Task Node_should_not_start_where_it_cannot_believe_the_server()
    {
        var server = PostgresServer.Needed();
        var options = Tls(server, PostgresTests.NewDatabase(), "tls_other");
        _installation.Key(LinkRole.Zone, "zone-1").Dispose();
        _installation.Key(LinkRole.Ledger, "ledger-1").Dispose();
        var context = new NodeContext(NullLoggerFactory.Instance, new NodeHealth(), TimeProvider.System, _ => { });
        foreach (var wrong in new[] { options with { Root = server.OtherRoot }, options with { Hosts = ["127.0.0.1"] } })
        {
            var refused = await Assert.ThrowsAsync<StartException>(() => ZoneNode.StartAsync(context, Settings(wrong), default));
            Assert.Contains("certificate is not believed", refused.Message, StringComparison.Ordinal);
        }

        File.WriteAllText(options.PasswordFile!, "another");
        Assert.Contains("28P01", Refused(options), StringComparison.Ordinal);
        File.SetUnixFileMode(options.PasswordFile!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", Refused(options), StringComparison.Ordinal);
    }

    private static string Refused(PostgresOptions options) =>
        Assert.Throws<StoreException>(() => PostgresDatabase.Open(options)).Message;

    private static void Role(PostgresServer server, string role) => server.Sql("postgres", $"CREATE ROLE {role} LOGIN PASSWORD 'secret'");

    private PostgresOptions Tls(PostgresServer server, string database, string role)
    {
        Role(server, role);
        var file = _installation.Path("password");
        File.WriteAllText(file, "secret\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return server.Options(database, role) with { Hosts = ["localhost"], Root = server.Root, PasswordFile = file };
    }

    private string Migrate(PostgresOptions options, int code, params (string Option, string Value)[] given)
    {
        var said = new StringWriter();
        var input = new NodeVerbInput(given.ToDictionary(g => g.Option, g => g.Value), TimeProvider.System, said, said);
        try
        {
            Assert.Equal(code, MigrateVerb.Verb.Run(Settings(options), input));
        }
        catch (StartException refused)
        {
            Assert.Equal(ExitCodes.Start, code);
            return refused.Message;
        }

        return said.ToString();
    }

    private ZoneSettings Settings(PostgresOptions options) => new(
        new TlsSettings(_installation.Path("root.crt"), _installation.Path("zone-1.crt"), _installation.Path("zone-1.key")),
        new IPEndPoint(IPAddress.Loopback, 0), _installation.Path("ledger-1.crt"), _installation.Path("ledger-1.key"), null, null,
        new SqliteOptions(_installation.Path("zone.db"), 2, 0), ZoneUnderTest.Limits, 256)
    {
        Postgres = options,
    };
}
