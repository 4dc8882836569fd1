using System.Buffers.Binary;
using System.Data;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>The tables' versions: made and brought forward by <c>broker-zone migrate</c> alone, and looked at when a node starts.</summary>
internal static class SqlServerSchema
{
    private const string OneAtATime =
        "EXEC sp_getapplock @Resource = N'broker-zone-migration', @LockMode = N'Exclusive', @LockOwner = N'Transaction', " +
        "@LockTimeout = 60000";

    /// <summary>Brings the database to <see cref="ServerSchema.Version"/>, in one transaction.</summary>
    /// <returns>The version that was found: 0 where there were no tables.</returns>
    /// <exception cref="StoreException">It is newer, or the login may not do it.</exception>
    public static uint Migrate(SqlConnection connection)
    {
        try
        {
            using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
            Run(connection, transaction, OneAtATime);
            var found = Version(connection, transaction);
            if (found > ServerSchema.Version)
            {
                throw ServerSchema.Other(found);
            }

            for (var version = found + 1; version <= ServerSchema.Version; version++)
            {
                Run(connection, transaction, ServerSchema.Step("sqlserver", version));
            }

            if (found != ServerSchema.Version)
            {
                foreach (var (key, version) in new[]
                {
                    (ServerSchema.Key, ServerSchema.Version), (ServerSchema.OldestKey, ServerSchema.Oldest),
                })
                {
                    var value = new byte[4];
                    BinaryPrimitives.WriteUInt32BigEndian(value, version);
                    Run(connection, transaction, SqlServerTexts.All.PutMeta, key, SqlValue.Blob(value));
                }
            }

            transaction.Commit();
            return found;
        }
        catch (SqlException fault)
        {
            throw SqlServerFaults.Of(fault);
        }
    }

    /// <summary>Refuses a database that this program does not run on.</summary>
    /// <returns>Its version: this program's, or a later one that lets it run still.</returns>
    /// <exception cref="StoreException">The version is another, or there is none; the message says what to do.</exception>
    public static uint Check(SqlConnection connection)
    {
        try
        {
            var found = Version(connection, null);
            ServerSchema.Check(found, found > ServerSchema.Version ? Meta(connection, null, ServerSchema.OldestKey) : null);
            return found;
        }
        catch (SqlException fault)
        {
            throw SqlServerFaults.Of(fault);
        }
    }

    /// <summary>The statements that give a user what a zone node needs, and nothing more.</summary>
    /// <param name="user">An existing user of the database.</param>
    public static IReadOnlyList<string> Grants(string user)
    {
        var to = $"[{user.Replace("]", "]]", StringComparison.Ordinal)}]";
        return [.. ServerSchema.Rights.SelectMany(r => new[]
        {
            $"REVOKE ALL ON dbo.{r.Table} FROM {to}",
            $"GRANT {r.Rights} ON dbo.{r.Table} TO {to}",
        })];
    }

    /// <summary>Gives the rights.</summary>
    /// <exception cref="StoreException">There is no such user, or this one may not.</exception>
    public static void Grant(SqlConnection connection, string user)
    {
        try
        {
            using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
            foreach (var statement in Grants(user))
            {
                Run(connection, transaction, statement);
            }

            transaction.Commit();
        }
        catch (SqlException fault)
        {
            throw SqlServerFaults.Of(fault);
        }
    }

    private static uint Version(SqlConnection connection, SqlTransaction? transaction)
    {
        using var tables = new SqlCommand("SELECT OBJECT_ID(N'dbo.meta', N'U')", connection, transaction);
        if (tables.ExecuteScalar() is null or DBNull)
        {
            return 0;
        }

        return ServerSchema.Read(Meta(connection, transaction, ServerSchema.Key));
    }

    private static byte[]? Meta(SqlConnection connection, SqlTransaction? transaction, string key)
    {
        using var command = new SqlCommand(SqlServerParameters.Named(SqlServerTexts.All.Meta), connection, transaction);
        command.Parameters.Add(SqlServerParameters.Of(1, key));
        return command.ExecuteScalar() as byte[];
    }

    private static void Run(SqlConnection connection, SqlTransaction transaction, string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var command = new SqlCommand(SqlServerParameters.Named(sql), connection, transaction) { CommandTimeout = 0 };
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.Add(SqlServerParameters.Of(i + 1, values[i]));
        }

        command.ExecuteNonQuery();
    }
}
