using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>Which program runs on which tables, whatever server they are on.</summary>
public sealed class SchemaRuleSpecs
{
    private const uint Own = ServerSchema.Version;

    public static TheoryData<uint, uint?, string?> Found => new()
    {
        { 0, null, "run broker-zone migrate" },
        { Own - 1, null, "run broker-zone migrate" },
        { Own, null, null },
        { Own, Own, null },
        { Own + 1, Own, null },
        { Own + 1, null, "install a newer broker-zone" },
        { Own + 1, Own + 1, "install a newer broker-zone" },
        { Own + 2, Own, "install a newer broker-zone" },
        { Own + 2, Own + 1, "install a newer broker-zone" },
    };

    [Theory]
    [MemberData(nameof(Found))]
    public void Program_should_run_on_tables_that_let_it(uint version, uint? oldest, string? advice)
    {
        var refused = Record.Exception(() => ServerSchema.Check(version, oldest is { } noted ? [0, 0, 0, (byte)noted] : null));
        if (advice is null)
        {
            Assert.Null(refused);
        }
        else
        {
            Assert.Contains(advice, Assert.IsType<StoreException>(refused).Message, StringComparison.Ordinal);
        }
    }

    // The order of an upgrade: tables first, then the zones in turn. It holds only while a step lets the program before it run.
    [Fact]
    public void A_migration_should_leave_the_programs_of_the_version_before_running() =>
        Assert.InRange(ServerSchema.Oldest, 1u, Math.Max(ServerSchema.Version - 1, 1u));

    [Fact]
    public void An_embedded_database_of_a_later_program_should_be_refused_with_what_to_do()
    {
        var directory = Directory.CreateTempSubdirectory("zone-").FullName;
        var options = new SqliteOptions(Path.Combine(directory, "zone.db"), Readers: 1, MaxBytes: 0);
        SqliteZoneDatabase.Open(options).Dispose();
        using (var connection = new SqliteConnectionHandle(options.Path, readOnly: false))
        {
            connection.Script("UPDATE meta SET value = x'00000009' WHERE key = 'schema-version'");
        }

        var refused = Assert.Throws<StoreException>(() => SqliteZoneDatabase.Open(options)).Message;

        Assert.Contains("schema version 9 and this program knows", refused, StringComparison.Ordinal);
        Directory.Delete(directory, recursive: true);
    }
}
