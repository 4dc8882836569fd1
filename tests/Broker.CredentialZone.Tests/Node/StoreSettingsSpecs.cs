using Broker.Configuration;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Postgres;

namespace Broker.CredentialZone.Tests.Node;

/// <summary>Which store the configuration names: what does not go together is said before anything is opened.</summary>
public sealed class StoreSettingsSpecs
{
    private const string Needed =
        """
        broker { tls { root = "/r", certificate = "/c", key = "/k" }, zone.ledger { certificate = "/l", key = "/m" } }
        """;

    [Fact]
    public void Embedded_database_should_be_the_default()
    {
        var settings = Read("");
        Assert.Null(settings.Postgres);
        Assert.Null(settings.SqlServer);
        Assert.Equal("/var/lib/broker-zone/zone.db", settings.StoreDisplay);
    }

    [Fact]
    public void PostgreSQL_should_be_reached_as_it_says()
    {
        var postgres = Read(
            """kind = postgresql, server { hosts = ["a:5433", "b"], root-certificate = "/ca", accept-loss = yes }""").Postgres!;
        Assert.Equal(["a:5433", "b"], postgres.Hosts);
        Assert.Equal((5432, "broker_zone", "/ca", true), (postgres.Port, postgres.User, postgres.Root, postgres.AcceptLoss));
        Assert.False(Read("""kind = postgresql, server.hosts = ["/run/postgresql"]""").Postgres!.AcceptLoss);
        Assert.True(Read("""kind = postgresql, server.hosts = ["/run/postgresql"]""").Postgres!.IsSocket);
        var server = Read("""kind = sqlserver, server { hosts = ["db"], password-file = "/p" }""").SqlServer!;
        Assert.Equal(("db", 1433, "/p"), (server.Host, server.Port, server.PasswordFile));
    }

    [Theory]
    [InlineData("kind = mysql", "kind")]
    [InlineData("kind = postgresql", "hosts")]
    [InlineData("""kind = postgresql, server.hosts = ["db"]""", "root-certificate")]
    [InlineData("""kind = postgresql, server { hosts = ["/run/postgresql", "db"], root-certificate = "/ca" }""", "hosts")]
    [InlineData("""kind = postgresql, server { hosts = ["db;SslMode=Disable"], root-certificate = "/ca" }""", "hosts")]
    [InlineData("""kind = postgresql, server { hosts = ["db"], root-certificate = "/ca", certificate = "/c" }""", "key")]
    [InlineData("""kind = postgresql, server { hosts = ["db"], root-certificate = "/ca", sslmode = require }""", "sslmode")]
    [InlineData("""kind = sqlserver, server { hosts = ["db"] }""", "password-file")]
    [InlineData("""kind = sqlserver, server { hosts = ["a", "b"], password-file = "/p" }""", "hosts")]
    [InlineData("""kind = sqlserver, server { hosts = ["db"], password-file = "/p", root-certificate = "/ca" }""", "root-certificate")]
    public void What_does_not_go_together_should_be_said(string store, string key)
    {
        var wrong = Assert.Throws<HoconException>(() => Read(store));
        Assert.Contains(wrong.Errors, e => e.ToString().Contains($"{key}", StringComparison.Ordinal));
    }

    [Fact]
    public void Connection_by_tls_should_verify_certificate_and_name_and_the_socket_use_none()
    {
        var postgres = Read("""kind = postgresql, server { hosts = ["a"], root-certificate = "/ca" }""").Postgres!;
        var text = new Npgsql.NpgsqlConnectionStringBuilder(PostgresConnections.Text(postgres, isMigration: false));
        Assert.Equal((Npgsql.SslMode.VerifyFull, "/ca", false), (text.SslMode, text.RootCertificate, text.IncludeErrorDetail));
        Assert.Contains("idle_in_transaction_session_timeout=5000", text.Options, StringComparison.Ordinal);
        var socket = new Npgsql.NpgsqlConnectionStringBuilder(
            PostgresConnections.Text(postgres with { Hosts = ["/run/postgresql"] }, isMigration: false));
        Assert.Equal((Npgsql.SslMode.Disable, "/run/postgresql"), (socket.SslMode, socket.Host));
    }

    private static ZoneSettings Read(string store)
    {
        var reference = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "reference.conf"));
        var reader = new SettingsReader(HoconDocument.Parse($"{reference}\n{Needed}\nbroker.zone.store {{ {store} }}", "test.conf"));
        var settings = ZoneSettings.Read(reader.Section("broker"));
        reader.ThrowIfInvalid("broker.zone");
        return settings;
    }
}
