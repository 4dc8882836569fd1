using System.Buffers.Binary;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>The tables' versions: made and brought forward by <c>broker-zone migrate</c> alone, and looked at when a node starts.</summary>
internal static class PostgresSchema
{
    // One at a time, of whatever broker.
    private const long MigrationLock = 0x62726B7A6F6E65;

    /// <summary>Brings the database to <see cref="ServerSchema.Version"/>, in one transaction.</summary>
    /// <returns>The version that was found: 0 where there were no tables.</returns>
    /// <exception cref="StoreException">It is newer, or the role may not do it.</exception>
    public static uint Migrate(NpgsqlDataSource source)
    {
        try
        {
            using var connection = source.OpenConnection();
            using var transaction = connection.BeginTransaction();
            Run(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})");
            var found = Version(connection);
            if (found > ServerSchema.Version)
            {
                throw ServerSchema.Other(found);
            }

            if (found == 0)
            {
                Run(connection, $"CREATE SCHEMA IF NOT EXISTS {PostgresOptions.Schema}");
            }

            for (var version = found + 1; version <= ServerSchema.Version; version++)
            {
                Run(connection, ServerSchema.Step("postgresql", version));
            }

            if (found != ServerSchema.Version)
            {
                Note(connection, ServerSchema.Key, ServerSchema.Version);
                Note(connection, ServerSchema.OldestKey, ServerSchema.Oldest);
            }

            transaction.Commit();
            return found;
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException)
        {
            throw PostgresFaults.Of(fault);
        }
    }

    /// <summary>Refuses a database that this program does not run on.</summary>
    /// <returns>Its version: this program's, or a later one that lets it run still.</returns>
    /// <exception cref="StoreException">The version is another, or there is none; the message says what to do.</exception>
    public static uint Check(NpgsqlConnection connection)
    {
        var found = Version(connection);
        ServerSchema.Check(found, found > ServerSchema.Version ? Meta(connection, ServerSchema.OldestKey) : null);
        return found;
    }

    /// <summary>The statements that give a role what a zone node needs, and nothing more.</summary>
    /// <param name="role">An existing role.</param>
    public static IReadOnlyList<string> Grants(string role)
    {
        var to = new NpgsqlCommandBuilder().QuoteIdentifier(role);
        return
        [
            $"REVOKE ALL ON ALL TABLES IN SCHEMA {PostgresOptions.Schema} FROM {to}",
            $"GRANT USAGE ON SCHEMA {PostgresOptions.Schema} TO {to}",
            .. ServerSchema.Rights.Select(r => $"GRANT {r.Rights} ON {PostgresOptions.Schema}.{r.Table} TO {to}"),
        ];
    }

    /// <summary>Gives the rights.</summary>
    /// <exception cref="StoreException">There is no such role, or this one may not.</exception>
    public static void Grant(NpgsqlDataSource source, string role)
    {
        try
        {
            using var connection = source.OpenConnection();
            using var transaction = connection.BeginTransaction();
            foreach (var statement in Grants(role))
            {
                Run(connection, statement);
            }

            transaction.Commit();
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException)
        {
            throw PostgresFaults.Of(fault);
        }
    }

    private static uint Version(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand($"SELECT to_regclass('{PostgresOptions.Schema}.meta') IS NOT NULL", connection);
        if (command.ExecuteScalar() is not true)
        {
            return 0;
        }

        return ServerSchema.Read(Meta(connection, ServerSchema.Key));
    }

    private static byte[]? Meta(NpgsqlConnection connection, string key)
    {
        using var command = new NpgsqlCommand(PostgresTexts.All.Meta, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = key });
        return command.ExecuteScalar() as byte[];
    }

    private static void Note(NpgsqlConnection connection, string key, uint version)
    {
        using var command = new NpgsqlCommand(PostgresTexts.All.PutMeta, connection);
        var value = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, version);
        command.Parameters.Add(new NpgsqlParameter { Value = key });
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        command.ExecuteNonQuery();
    }

    private static void Run(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
