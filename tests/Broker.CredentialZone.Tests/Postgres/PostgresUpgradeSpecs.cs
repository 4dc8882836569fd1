using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>
/// Tables that are a version ahead of the program, as the migration of the next release leaves them: it adds, notes, and takes away only
/// what this program does not use.
/// </summary>
public sealed class PostgresUpgradeSpecs : IDisposable
{
    private const string Expand =
        """
        BEGIN;
        ALTER TABLE customers ADD COLUMN later bytea;
        ALTER TABLE entries ADD COLUMN later bigint NOT NULL DEFAULT 0;
        CREATE TABLE laters (name text PRIMARY KEY);
        CREATE INDEX entries_later ON entries (customer, later);
        UPDATE meta SET value = '\x00000002' WHERE name = 'schema-version';
        UPDATE meta SET value = '\x00000001' WHERE name = 'schema-oldest';
        COMMIT
        """;

    private readonly ZoneUnderTest _running = new(PostgresTests.Open);

    public void Dispose() => _running.Dispose();

    [SkippableFact]
    public void Zones_of_the_version_before_should_run_on_and_start_on_expanded_tables()
    {
        var customer = _running.Ready();
        var server = PostgresServer.Needed();
        var database = PostgresTests.Options(_running.DirectoryPath).Database;

        // Online: while one zone runs, and without its knowing.
        server.Sql(database, Expand);

        var first = customer.Call(customer.Launch());
        _running.Do(new ReleaseRows(first));
        _running.Do(customer.Append(first, Protocol.Ledger.HandOffState.Acknowledged));
        _running.Do(customer.Commit([customer.Credential("db", 2), customer.Row("db", 2)]));
        using var started = new ZoneUnderTest(
            PostgresTests.Open, _running.DirectoryPath, ledger: _running.LedgerKey, time: _running.Time);
        started.Do(new ReleaseRows(customer.Call(customer.Launch())));
        Assert.Equal(new DatabaseStanding("postgresql", 2, 0, null), started.Database.Standing());
    }

    [SkippableFact]
    public void A_program_that_the_tables_have_left_behind_should_say_so_and_not_start()
    {
        var server = PostgresServer.Needed();
        var options = PostgresTests.Options(_running.DirectoryPath);
        server.Sql(options.Database, Expand);
        PostgresDatabase.Open(options).Dispose();

        server.Sql(options.Database, "UPDATE meta SET value = '\\x00000002' WHERE name = 'schema-oldest'");

        var refused = Assert.Throws<StoreException>(() => PostgresDatabase.Open(options)).Message;
        Assert.Contains("of schema version 2 and this program knows 1; install a newer broker-zone", refused, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_migration_beside_a_running_zone_should_change_nothing_that_is_there_already()
    {
        var customer = _running.Ready();
        using var source = PostgresConnections.Create(PostgresTests.Options(_running.DirectoryPath));

        Assert.Equal(ServerSchema.Version, PostgresSchema.Migrate(source));

        _running.Do(new ReleaseRows(customer.Call(customer.Launch())));
    }
}
