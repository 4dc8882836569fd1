using System.Buffers.Binary;
using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Sqlite;

/// <summary>Creates the tables and checks that they are those that this program knows.</summary>
internal static class SqliteSchema
{
    /// <summary>The version that this program reads and writes.</summary>
    public const uint Version = 3;

    private const string Key = "schema-version";

    // Before version 2 no customer had another epoch than the first.
    private const string ToVersion2 =
        """
        ALTER TABLE entries ADD COLUMN epoch INTEGER;
        UPDATE entries SET epoch = 1 WHERE type = 'row';
        """;

    // Indexes are no part of the version: a program that knows another one of rows by epoch only reads slower.
    private const string Indexes =
        """
        DROP INDEX IF EXISTS entries_epoch;
        CREATE INDEX IF NOT EXISTS entries_place ON entries (customer, epoch) WHERE type = 'row';
        """;

    /// <summary>Creates the tables in an empty database, brings one of a version before here; refuses any other.</summary>
    /// <exception cref="StoreException">The version is another.</exception>
    public static void Ensure(SqliteConnectionHandle connection)
    {
        var version = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(version, Version);
        connection.Run("BEGIN IMMEDIATE");
        if (!HasTables(connection))
        {
            connection.Script(Text());
            using var q = connection.Use("INSERT INTO meta (key, value) VALUES (?, ?)").Bind(Key).Bind(version);
            q.Run();
        }
        else if (new SqliteReader(connection).Meta(Key) is [0, 0, 0, 1 or 2] before)
        {
            if (before[3] == 1)
            {
                connection.Script(ToVersion2);
            }

            SingleNodes.Group(connection);
            using var q = connection.Use("UPDATE meta SET value = ? WHERE key = ?").Bind(version).Bind(Key);
            q.Run();
        }

        if (new SqliteReader(connection).Meta(Key) is { } now && now.AsSpan().SequenceEqual(version))
        {
            connection.Script(Indexes);
        }

        connection.Run("COMMIT");
        Check(connection);
    }

    /// <summary>Refuses a database of another version.</summary>
    /// <exception cref="StoreException">The version is another, or there is none.</exception>
    public static void Check(SqliteConnectionHandle connection)
    {
        var version = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(version, Version);
        var found = HasTables(connection) ? new SqliteReader(connection).Meta(Key) : null;
        if (found is not null && found.AsSpan().SequenceEqual(version))
        {
            return;
        }

        throw new StoreException(
            found is { Length: 4 } && BinaryPrimitives.ReadUInt32BigEndian(found) is var other && other > Version
                ? $"the database is of schema version {other} and this program knows {Version}; install a newer broker-zone, or restore " +
                    "a backup of before the upgrade"
                : $"the database is not of schema version {Version}; use the program that wrote it, or migrate it");
    }

    private static bool HasTables(SqliteConnectionHandle connection)
    {
        using var q = connection.Use("SELECT 1 FROM sqlite_master LIMIT 1");
        return q.Step();
    }

    private static string Text()
    {
        using var stream = typeof(SqliteSchema).Assembly.GetManifestResourceStream("schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
