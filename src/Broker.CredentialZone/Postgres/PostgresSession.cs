using System.Data;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Npgsql;
using NpgsqlTypes;

namespace Broker.CredentialZone.Postgres;

/// <summary>
/// Statements on one connection. What needs no answer waits for the next statement that does and goes with it: a round trip is shared.
/// </summary>
internal class PostgresSession : ISqlSession
{
    private readonly List<Statement> _waiting = [];

    /// <summary>Creates a session on an open connection.</summary>
    public PostgresSession(NpgsqlConnection connection) => Connection = connection;

    /// <summary>Creates a session whose connection is opened later.</summary>
    protected PostgresSession()
    {
    }

    /// <summary>The connection, or null.</summary>
    protected NpgsqlConnection? Connection { get; set; }

    /// <summary>Whether an error has made the transaction one that can only be taken back.</summary>
    protected bool IsFailed { get; set; }

    /// <summary>Statements that wait.</summary>
    protected int Waiting => _waiting.Count;

    /// <inheritdoc/>
    public IReadOnlyList<SqlRow> Query(string sql, params ReadOnlySpan<SqlValue> values) =>
        QueryAll([new Statement(sql, values.ToArray())])[0];

    /// <inheritdoc/>
    public int Run(string sql, params ReadOnlySpan<SqlValue> values) => Execute([new Statement(sql, values.ToArray())], static batch =>
    {
        batch.ExecuteNonQuery();
        return (int)batch.BatchCommands[^1].RecordsAffected;
    });

    /// <inheritdoc/>
    public void Later(string sql, params ReadOnlySpan<SqlValue> values) => _waiting.Add(new Statement(sql, values.ToArray()));

    /// <summary>Runs several statements that return rows in one round trip.</summary>
    /// <returns>The rows of each.</returns>
    public IReadOnlyList<IReadOnlyList<SqlRow>> QueryAll(IReadOnlyList<Statement> statements) => Execute(statements, batch =>
    {
        var results = new List<IReadOnlyList<SqlRow>>(statements.Count);
        using var reader = batch.ExecuteReader();
        do
        {
            var rows = new List<SqlRow>();
            while (reader.Read())
            {
                rows.Add(SqlRow.Of(reader));
            }

            results.Add(rows);
        }
        while (reader.NextResult());
        return results;
    });

    /// <summary>Runs what waits.</summary>
    protected void Flush()
    {
        if (_waiting.Count > 0)
        {
            Execute([], static batch => batch.ExecuteNonQuery());
        }
    }

    /// <summary>Forgets what waits from an index on.</summary>
    protected void Drop(int from) => _waiting.RemoveRange(from, _waiting.Count - from);

    /// <summary>Called when what waited is about to be sent.</summary>
    protected virtual void Sending()
    {
    }

    /// <summary>The open connection.</summary>
    protected virtual NpgsqlConnection Open() => Connection!;

    private T Execute<T>(IReadOnlyList<Statement> statements, Func<NpgsqlBatch, T> execute)
    {
        try
        {
            using var batch = Open().CreateBatch();
            foreach (var statement in _waiting.Concat(statements))
            {
                batch.BatchCommands.Add(Command(statement));
            }

            Sending();
            _waiting.Clear();
            return execute(batch);
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or StoreException))
        {
            IsFailed = true;
            var meaning = PostgresFaults.Of(fault);
            if (PostgresFaults.EndsConnection(fault) || Connection?.State != ConnectionState.Open)
            {
                Close();
            }

            throw meaning;
        }
    }

    /// <summary>Closes the connection, whatever state it is in.</summary>
    protected void Close()
    {
        _waiting.Clear();
        var connection = Connection;
        Connection = null;
        try
        {
            connection?.Dispose();
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or InvalidOperationException)
        {
            // It was lost before.
        }
    }

    private static NpgsqlBatchCommand Command(Statement statement)
    {
        var command = new NpgsqlBatchCommand(statement.Sql);
        foreach (var value in statement.Values)
        {
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = value.Value ?? DBNull.Value,
                NpgsqlDbType = value.Kind switch
                {
                    SqlKind.Number => NpgsqlDbType.Bigint,
                    SqlKind.Text => NpgsqlDbType.Text,
                    SqlKind.Texts => NpgsqlDbType.Array | NpgsqlDbType.Text,
                    _ => NpgsqlDbType.Bytea,
                },
            });
        }

        return command;
    }

    /// <summary>A statement with its parameters.</summary>
    internal readonly record struct Statement(string Sql, SqlValue[] Values);
}
