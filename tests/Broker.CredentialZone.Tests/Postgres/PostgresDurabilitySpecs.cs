using System.Diagnostics;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>A server that may lose what it acknowledged is refused, unless that is accepted.</summary>
public sealed class PostgresDurabilitySpecs
{
    [SkippableTheory]
    [InlineData("off")]
    [InlineData("local")]
    [InlineData("remote_write")]
    public void Server_that_acknowledges_too_early_should_be_refused(string setting)
    {
        var server = PostgresServer.Needed();
        var options = server.Options(PostgresTests.NewDatabase());
        server.Sql("postgres", $"ALTER DATABASE {options.Database} SET synchronous_commit = {setting}");

        var refused = Assert.Throws<StoreException>(() => PostgresDatabase.Open(options));
        Assert.Contains($"synchronous_commit = {setting}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("accept-loss = yes", refused.Message, StringComparison.Ordinal);
        PostgresDatabase.Open(options with { AcceptLoss = true }).Dispose();
        PostgresDatabase.Open(options, isToRead: true).Dispose();
    }

    [SkippableFact]
    public void Setting_that_changes_while_the_zone_runs_should_be_noticed_by_the_next_commit()
    {
        using var zone = new ZoneUnderTest(PostgresTests.Open);
        var customer = zone.Ready();
        ((PostgresDatabase)zone.Database).Session.Run("SET synchronous_commit = off");
        var release = new ReleaseRows(customer.Call(customer.Launch()));
        zone.Store.Commit([release]);

        Assert.Contains("synchronous_commit", release.Result.Exception!.InnerException!.Message, StringComparison.Ordinal);
        ((PostgresDatabase)zone.Database).Session.Run("SET synchronous_commit = on");
        zone.Do(new ReleaseRows(customer.Call(customer.Launch())));
    }

    [SkippableFact]
    public async Task Standby_that_nobody_waits_for_should_be_refused()
    {
        PostgresServer.Needed();
        using var server = PostgresServer.Start();
        var options = server.Options(server.NewDatabase());
        using (var source = PostgresConnections.Create(options))
        {
            PostgresSchema.Migrate(source);
        }

        PostgresDatabase.Open(options).Dispose();

        // Takes the log as a standby would, into a directory that goes with the server's.
        server.Sql("postgres", "SELECT pg_create_physical_replication_slot('standby')");
        using var standby = Process.Start(PostgresServer.AsServer(
            Path.Combine(server.BinPath, "pg_receivewal"), "-D", server.Socket, "-h", server.Socket, "-p", $"{server.Port}", "-U",
            PostgresServer.Owner, "-S", "standby", "--no-loop"))!;
        while ((long)server.Value("postgres", "SELECT count(*) FROM pg_stat_replication")! == 0)
        {
            Assert.False(standby.HasExited, "pg_receivewal ended");
            Thread.Yield();
        }

        Assert.Contains(
            "synchronous_standby_names", Assert.Throws<StoreException>(() => PostgresDatabase.Open(options)).Message,
            StringComparison.Ordinal);
        using (var lossy = PostgresDatabase.Open(options with { AcceptLoss = true }))
        {
            Assert.Equal(1u, lossy.Standing().Standbys);
        }

        // A role that the server does not tell how far behind the standby is.
        server.Sql(options.Database, "CREATE ROLE plain LOGIN");
        using (var source = PostgresConnections.Create(options))
        {
            PostgresSchema.Grant(source, "plain");
        }

        using (var plain = PostgresDatabase.Open(options with { AcceptLoss = true, User = "plain" }))
        {
            Assert.Equal(new DatabaseStanding("postgresql", 1, 1, null), plain.Standing());
        }

        standby.Kill();
        await standby.WaitForExitAsync();
    }
}
