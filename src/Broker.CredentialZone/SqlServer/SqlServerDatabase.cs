using System.Data;
using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>
/// A SQL Server database, shared by any number of zone nodes: one connection that writes and some that read. What a lost connection or a
/// deadlock ended is done again; what the end of a commit is not known of, never.
/// </summary>
internal sealed class SqlServerDatabase : IZoneDatabase
{
    private readonly SqlServerOptions _options;
    private readonly SqlServerConnections _connections;
    private readonly SqlServerWriteSession _session;
    private readonly SemaphoreSlim _readers;
    private readonly BatchRetry _retry;
    private readonly bool _isSnapshot;

    private SqlServerDatabase(SqlServerOptions options, SqlServerConnections connections, bool isSnapshot)
    {
        (_options, _connections, _isSnapshot) = (options, connections, isSnapshot);
        _readers = new SemaphoreSlim(options.Readers, options.Readers);
        _retry = new BatchRetry(TimeProvider.System, options.Patience, static (_, _) => { });
        _session = new SqlServerWriteSession(connections, options.AcceptLoss);
        Writer = new SqlWriter(_session, SqlServerTexts.All, options.MaxBytes);
    }

    /// <inheritdoc/>
    public IZoneWriter Writer { get; }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public TimeSpan Patience => _options.Patience;

    /// <summary>Connects, and checks the version of the tables and what the server does to keep them.</summary>
    /// <param name="options">The server.</param>
    /// <param name="isSnapshot">Whether it is read in snapshots, and nothing will be written; the database has to allow them.</param>
    /// <exception cref="StoreException">It cannot be reached or trusted, or is of another version; the message says what to do.</exception>
    public static SqlServerDatabase Open(SqlServerOptions options, bool isSnapshot = false) =>
        Open(options, new SqlServerConnections(options), isSnapshot);

    /// <summary>As the other, with connections that are there.</summary>
    internal static SqlServerDatabase Open(SqlServerOptions options, SqlServerConnections connections, bool isSnapshot = false)
    {
        using (var connection = connections.Open())
        {
            SqlServerSchema.Check(connection);
            if (!isSnapshot)
            {
                SqlServerDurability.Check(connection, options.AcceptLoss);
            }
        }

        return new SqlServerDatabase(options, connections, isSnapshot);
    }

    /// <inheritdoc/>
    public T Read<T>(Func<IZoneReader, T> query)
    {
        if (!_readers.Wait(_options.Deadline))
        {
            throw new StoreException("every connection for reading is in use; try again in a moment");
        }

        try
        {
            return _retry.Run(() => ReadOnce(query));
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <inheritdoc/>
    /// <remarks>A server does not tell what its disk has left: want of space shows with the first change that meets it.</remarks>
    public void Probe(bool withSpace)
    {
        try
        {
            using var connection = _connections.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(60))";
            if (command.ExecuteScalar() as string != "READ_WRITE")
            {
                throw new TransientStoreException("the database takes no writes: it is read-only, or a copy");
            }
        }
        catch (Exception fault) when (fault is SqlException or IOException or TimeoutException)
        {
            throw SqlServerFaults.Of(fault);
        }
    }

    /// <inheritdoc/>
    public DatabaseStanding Standing()
    {
        using var connection = _connections.Open();
        return new DatabaseStanding("sqlserver", SqlServerSchema.Check(connection), null, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _readers.Dispose();
    }

    private T ReadOnce<T>(Func<IZoneReader, T> query)
    {
        try
        {
            using var connection = _connections.Open();
            using var transaction = connection.BeginTransaction(_isSnapshot ? IsolationLevel.Snapshot : IsolationLevel.ReadCommitted);
            var session = new SqlServerReadSession(_connections, connection, transaction);
            var result = query(_isSnapshot ? new SqlReader(session, SqlServerTexts.All) : new SqlServerReader(session));
            transaction.Commit();
            return result;
        }
        catch (Exception fault) when (fault is SqlException or IOException or TimeoutException)
        {
            throw SqlServerFaults.Of(fault);
        }
    }
}
