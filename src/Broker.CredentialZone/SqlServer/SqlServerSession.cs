using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>Statements on one connection, one at a time.</summary>
/// <param name="connections">Makes commands.</param>
internal abstract class SqlServerSession(SqlServerConnections connections) : ISqlSession
{
    /// <summary>Opens and makes commands.</summary>
    protected SqlServerConnections Connections => connections;

    /// <inheritdoc/>
    public IReadOnlyList<SqlRow> Query(string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var command = Command(sql, values);
        return Guarded(() =>
        {
            var rows = new List<SqlRow>();
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                rows.Add(SqlRow.Of(reader));
            }

            return rows;
        });
    }

    /// <inheritdoc/>
    public int Run(string sql, params ReadOnlySpan<SqlValue> values)
    {
        using var command = Command(sql, values);
        return Guarded(command.ExecuteNonQuery);
    }

    /// <inheritdoc/>
    public void Later(string sql, params ReadOnlySpan<SqlValue> values) => Run(sql, values);

    /// <summary>The connection and its transaction.</summary>
    /// <exception cref="StoreException">There is none, and none can be had.</exception>
    protected abstract (SqlConnection Connection, SqlTransaction? Transaction) Open();

    /// <summary>Called after a fault.</summary>
    protected virtual void Failed()
    {
    }

    private SqlCommand Command(string sql, ReadOnlySpan<SqlValue> values)
    {
        var (connection, transaction) = Open();
        return connections.Command(connection, transaction, sql, values);
    }

    private T Guarded<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or StoreException))
        {
            Failed();
            throw SqlServerFaults.Of(fault);
        }
    }
}

/// <summary>A session on a transaction that somebody else ends.</summary>
internal sealed class SqlServerReadSession(SqlServerConnections connections, SqlConnection connection, SqlTransaction transaction)
    : SqlServerSession(connections)
{
    /// <inheritdoc/>
    protected override (SqlConnection Connection, SqlTransaction? Transaction) Open() => (connection, transaction);
}
