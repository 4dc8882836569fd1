using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>
/// The connection that writes: one transaction after the other, READ COMMITTED, since what a batch reads it has locked. A connection that
/// a fault took is replaced at the next beginning.
/// </summary>
/// <param name="source">Where connections come from.</param>
/// <param name="acceptLoss">Whether a server is taken that may lose what it acknowledged.</param>
internal sealed class PostgresWriteSession(NpgsqlDataSource source, bool acceptLoss) : PostgresSession, ISqlWriteSession
{
    private const string SavepointText = "SAVEPOINT operation";
    private const string ReleaseText = "RELEASE SAVEPOINT operation";

    // What waits from here on belongs to the savepoint; none where the savepoint was sent.
    private int? _mark;
    private bool _isWarned;
    private bool _isBegun;

    /// <inheritdoc/>
    public bool InTransaction => _isBegun && Connection is not null;

    /// <summary>Called with COMMIT when everything before it is done: where tests cut the connection.</summary>
    internal Action<string>? BeforeStatement { get; set; }

    /// <summary>The process that serves the connection at the server, for tests that end it.</summary>
    internal int? ServerProcess => Connection?.ProcessID;

    /// <inheritdoc/>
    public void Begin()
    {
        Drop(0);
        Connection ??= Connect();
        (_isBegun, IsFailed, _mark) = (true, false, null);
        Later("BEGIN ISOLATION LEVEL READ COMMITTED");
    }

    /// <inheritdoc/>
    public void Commit()
    {
        Flush();
        if (IsFailed || !InTransaction)
        {
            // The server would answer COMMIT by taking everything back, without an error.
            throw new StoreException("a statement of the transaction failed; nothing was kept");
        }

        try
        {
            _isWarned = false;
            BeforeStatement?.Invoke("COMMIT");
            using var command = new NpgsqlCommand("COMMIT", Connection);
            command.ExecuteNonQuery();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Close();
            throw PostgresFaults.OfCommit(fault);
        }
        finally
        {
            _isBegun = false;
        }

        if (_isWarned)
        {
            // It is committed here, and the server did not wait for the standby.
            Close();
            throw new UnknownCommitException("the server committed, and says that its standby may not have it");
        }
    }

    /// <inheritdoc/>
    public void Rollback()
    {
        Drop(0);
        if (InTransaction && Connection is not null)
        {
            try
            {
                using var command = new NpgsqlCommand("ROLLBACK", Connection);
                command.ExecuteNonQuery();
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or InvalidOperationException)
            {
                // A connection that is closed takes its transaction back.
                Close();
            }
        }

        (_isBegun, IsFailed) = (false, false);
    }

    /// <inheritdoc/>
    public void Savepoint()
    {
        _mark = Waiting;
        Later(SavepointText);
    }

    /// <inheritdoc/>
    public void ReleaseSavepoint()
    {
        if (_mark is { } mark && Waiting == mark + 1)
        {
            // Nothing was done since.
            Drop(mark);
        }
        else
        {
            // A fault of what waits is this operation's, so it has to show before the operation counts as done.
            var isWaiting = Waiting > 0;
            Later(ReleaseText);
            if (isWaiting)
            {
                Flush();
            }
        }

        _mark = null;
    }

    /// <inheritdoc/>
    public void RollbackToSavepoint()
    {
        if (_mark is { } mark)
        {
            Drop(mark);
        }
        else
        {
            Drop(0);
            Later("ROLLBACK TO SAVEPOINT operation");
            Later(ReleaseText);
            IsFailed = false;
        }

        _mark = null;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    /// <inheritdoc/>
    protected override void Sending() => _mark = null;

    /// <inheritdoc/>
    protected override NpgsqlConnection Open()
    {
        if (Connection is null && _isBegun)
        {
            // Whatever ran now on another connection would be no part of the transaction.
            throw new TransientStoreException("the connection to the database was lost");
        }

        return Connection ??= Connect();
    }

    private NpgsqlConnection Connect()
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = source.OpenConnection();
            PostgresDurability.Check(connection, acceptLoss);
            connection.Notice += (_, notice) => _isWarned |= notice.Notice.InvariantSeverity == "WARNING";
            return connection;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            connection?.Dispose();
            throw PostgresFaults.Of(fault);
        }
    }
}
