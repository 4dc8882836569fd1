using System.Data;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>
/// The connection that writes: one transaction after the other, READ COMMITTED. Any error of the server's ends the transaction
/// (XACT_ABORT), so a savepoint only takes back what the zone itself refuses.
/// </summary>
internal sealed class SqlServerWriteSession(SqlServerConnections connections, bool acceptLoss)
    : SqlServerSession(connections), ISqlWriteSession
{
    private const string SavepointName = "operation";

    private SqlConnection? _connection;
    private SqlTransaction? _transaction;
    private bool _isBegun;

    /// <inheritdoc/>
    public bool InTransaction => _isBegun && _transaction?.Connection is not null;

    /// <inheritdoc/>
    public void Begin()
    {
        _isBegun = true;
        try
        {
            _transaction = Connected().BeginTransaction(IsolationLevel.ReadCommitted);
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or StoreException))
        {
            Failed();
            throw SqlServerFaults.Of(fault);
        }
    }

    /// <inheritdoc/>
    public void Commit()
    {
        if (!InTransaction)
        {
            throw new TransientStoreException("the transaction was ended before its commit");
        }

        try
        {
            _transaction!.Commit();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Failed();
            throw SqlServerFaults.OfCommit(fault);
        }
        finally
        {
            _isBegun = false;
            _transaction = null;
        }
    }

    /// <inheritdoc/>
    public void Rollback()
    {
        try
        {
            if (InTransaction)
            {
                _transaction!.Rollback();
            }
        }
        catch (Exception fault) when (fault is SqlException or InvalidOperationException or IOException)
        {
            // A connection that is closed takes its transaction back.
            Failed();
        }

        (_isBegun, _transaction) = (false, null);
    }

    /// <inheritdoc/>
    public void Savepoint() => Guarded(static t => t.Save(SavepointName));

    /// <inheritdoc/>
    public void ReleaseSavepoint()
    {
        // The next savepoint of the name takes its place.
    }

    /// <inheritdoc/>
    public void RollbackToSavepoint() => Guarded(static t => t.Rollback(SavepointName));

    /// <inheritdoc/>
    public void Dispose() => Failed();

    /// <inheritdoc/>
    protected override (SqlConnection Connection, SqlTransaction? Transaction) Open() => !_isBegun
        ? (Connected(), null)
        : InTransaction
            ? (_connection!, _transaction)
            : throw new TransientStoreException("the transaction was ended by the database");

    /// <inheritdoc/>
    protected override void Failed()
    {
        if (_connection is { State: ConnectionState.Open } && (!_isBegun || InTransaction))
        {
            return;
        }

        try
        {
            _transaction?.Dispose();
            _connection?.Dispose();
        }
        catch (Exception fault) when (fault is SqlException or InvalidOperationException or IOException)
        {
            // It was lost before.
        }

        (_connection, _transaction) = (null, null);
    }

    private SqlConnection Connected()
    {
        if (_connection is { State: ConnectionState.Open })
        {
            return _connection;
        }

        var connection = Connections.Open();
        try
        {
            SqlServerDurability.Check(connection, acceptLoss);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        return _connection = connection;
    }

    private void Guarded(Action<SqlTransaction> act)
    {
        try
        {
            act(Open().Transaction!);
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or StoreException))
        {
            Failed();
            throw SqlServerFaults.Of(fault);
        }
    }
}
