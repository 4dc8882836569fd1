using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Relational;

/// <summary>One connection, and on it a transaction. Parameters are called <c>$1</c>, <c>$2</c>… Not for two threads at a time.</summary>
internal interface ISqlSession
{
    /// <summary>Runs a statement that returns rows.</summary>
    /// <exception cref="StoreException">It failed.</exception>
    IReadOnlyList<SqlRow> Query(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>Runs a statement that changes rows.</summary>
    /// <returns>How many it changed.</returns>
    /// <exception cref="StoreException">It failed.</exception>
    int Run(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>
    /// Runs a statement before the next one at the latest, and before the transaction or the savepoint ends: its fault shows there.
    /// </summary>
    void Later(string sql, params ReadOnlySpan<SqlValue> values);
}

/// <summary>The connection that writes. It is opened when it is needed; after a fault that took it, again.</summary>
internal interface ISqlWriteSession : ISqlSession, IDisposable
{
    /// <inheritdoc cref="IZoneWriter.InTransaction"/>
    bool InTransaction { get; }

    /// <inheritdoc cref="IZoneWriter.Begin"/>
    void Begin();

    /// <inheritdoc cref="IZoneWriter.Commit"/>
    void Commit();

    /// <summary>Takes the transaction back; where that is not possible the connection is closed, which does it too.</summary>
    void Rollback();

    /// <inheritdoc cref="IZoneWriter.Savepoint"/>
    void Savepoint();

    /// <inheritdoc cref="IZoneWriter.ReleaseSavepoint"/>
    void ReleaseSavepoint();

    /// <inheritdoc cref="IZoneWriter.RollbackToSavepoint"/>
    void RollbackToSavepoint();
}
