using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>
/// A PostgreSQL database, shared by any number of zone nodes: one connection that writes and some that read, each reading a snapshot of its
/// own. What a lost connection or a deadlock ended is done again; what the end of a commit is not known of, never.
/// </summary>
internal sealed class PostgresDatabase : IZoneDatabase
{
    private readonly PostgresOptions _options;
    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _readers;
    private readonly BatchRetry _retry;

    private PostgresDatabase(PostgresOptions options, NpgsqlDataSource source)
    {
        (_options, _source) = (options, source);
        _readers = new SemaphoreSlim(options.Readers, options.Readers);
        _retry = new BatchRetry(TimeProvider.System, options.Patience, static (_, _) => { });
        Session = new PostgresWriteSession(source, options.AcceptLoss);
        Writer = new PostgresWriter(Session, options);
    }

    /// <inheritdoc/>
    public IZoneWriter Writer { get; }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public TimeSpan Patience => _options.Patience;

    /// <summary>The connection that writes, for tests that cut it.</summary>
    internal PostgresWriteSession Session { get; }

    /// <summary>Connects, and checks the version of the tables and what the server does to keep them.</summary>
    /// <param name="options">The server.</param>
    /// <param name="isToRead">Whether nothing will be written: then it may be a standby too, and how it keeps things is not asked.</param>
    /// <exception cref="StoreException">It cannot be reached or trusted, or is of another version; the message says what to do.</exception>
    public static PostgresDatabase Open(PostgresOptions options, bool isToRead = false)
    {
        var source = PostgresConnections.Create(options);
        var database = new PostgresDatabase(options, source);
        try
        {
            // A server that is just starting is waited for.
            database._retry.Run(() => database.Check(isToRead));
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
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
    public void Probe(bool withSpace)
    {
        try
        {
            using var connection = _source.OpenConnection();
            var session = new PostgresSession(connection);
            if (session.Query("SELECT current_setting('transaction_read_only')")[0].Text(0) != "off")
            {
                throw new TransientStoreException("the database server takes no writes: a standby, or default_transaction_read_only is on");
            }

            if (withSpace)
            {
                UseSpace(session);
            }
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFaults.Of(fault);
        }
    }

    /// <inheritdoc/>
    public DatabaseStanding Standing()
    {
        try
        {
            using var connection = _source.OpenConnection();
            return PostgresStanding.Of(connection);
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFaults.Of(fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Session.Dispose();
        _source.Dispose();
        _readers.Dispose();
    }

    // A role may not ask what a disk has left. What does not fit into memory is sorted in a file beside the tables, which goes at the end.
    private static void UseSpace(PostgresSession session)
    {
        session.Later("BEGIN READ ONLY");
        session.Later("SET LOCAL work_mem = '64kB'");
        session.Query(
            "SELECT count(*) FROM (SELECT i, repeat('x', 1000) FROM generate_series(1, 500) AS i ORDER BY 2, 1 OFFSET 0) AS sorted");
        session.Run("COMMIT");
    }

    private bool Check(bool isToRead)
    {
        try
        {
            using var connection = _source.OpenConnection();
            PostgresSchema.Check(connection);
            if (!isToRead)
            {
                PostgresDurability.Check(connection, _options.AcceptLoss);
            }

            return true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            throw PostgresFaults.Of(fault);
        }
    }

    // A connection that goes back to the pool takes its transaction back.
    private T ReadOnce<T>(Func<IZoneReader, T> query)
    {
        try
        {
            using var connection = _source.OpenConnection();
            var session = new PostgresSession(connection);
            session.Later("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            var result = query(new SqlReader(session, PostgresTexts.All));
            session.Run("COMMIT");
            return result;
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFaults.Of(fault);
        }
    }
}
