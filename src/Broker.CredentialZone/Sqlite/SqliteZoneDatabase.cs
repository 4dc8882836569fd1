using System.Collections.Concurrent;
using Broker.CredentialZone.Store;
using Broker.Host;

namespace Broker.CredentialZone.Sqlite;

/// <summary>Where the embedded database is.</summary>
/// <param name="Path">The file; its directory exists. Created with mode 0600.</param>
/// <param name="Readers">Most reads at a time.</param>
/// <param name="MaxBytes">Size beyond which the file does not grow; 0 leaves it to the disk.</param>
internal sealed record SqliteOptions(string Path, int Readers, long MaxBytes);

/// <summary>
/// The embedded database: write-ahead log with a sync at each commit, one connection that writes, a few that read. A lock file
/// keeps a second process out, since the writer remembers what it wrote.
/// </summary>
internal sealed class SqliteZoneDatabase : IZoneDatabase
{
    private const int PageSize = 4096;

    // 64 MiB of log: a page that changes with each state of a hand-off is copied to its place once for all of them.
    private const int CheckpointPages = 16_384;

    private readonly SqliteOptions _options;
    private readonly FileStream _lock;
    private readonly SqliteConnectionHandle _writing;
    private readonly ConcurrentBag<SqliteConnectionHandle> _idle = [];
    private readonly SemaphoreSlim _readers;

    private SqliteZoneDatabase(SqliteOptions options, FileStream @lock, SqliteConnectionHandle writing)
    {
        (_options, _lock, _writing) = (options, @lock, writing);
        _readers = new SemaphoreSlim(options.Readers, options.Readers);
        Writer = new SqliteWriter(writing, options.Path);
    }

    /// <inheritdoc/>
    public IZoneWriter Writer { get; }

    /// <summary>Where tests cut the power; see <see cref="SqliteConnectionHandle.BeforeStatement"/>.</summary>
    internal Action<string>? BeforeStatement
    {
        set => _writing.BeforeStatement = value;
    }

    /// <summary>Opens the file, creates the tables in an empty one, checks the version of the schema.</summary>
    /// <exception cref="StoreException">Another process has it open, it is of another version, or it cannot be opened.</exception>
    public static SqliteZoneDatabase Open(SqliteOptions options)
    {
        var held = Hold(options.Path + ".lock");
        SqliteConnectionHandle? writing = null;
        try
        {
            using (Create(options.Path, FileMode.OpenOrCreate))
            {
                // SQLite gives the log the mode of the file that it finds.
            }

            writing = new SqliteConnectionHandle(options.Path, readOnly: false);
            writing.Script(
                $"""
                PRAGMA page_size = {PageSize};
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                PRAGMA foreign_keys = ON;
                PRAGMA trusted_schema = OFF;
                PRAGMA temp_store = MEMORY;
                PRAGMA cache_size = -32768;
                PRAGMA wal_autocheckpoint = {CheckpointPages};
                PRAGMA busy_timeout = 5000;
                """);
            if (options.MaxBytes > 0)
            {
                writing.Script($"PRAGMA max_page_count = {options.MaxBytes / PageSize}");
            }

            SqliteSchema.Ensure(writing);
            return new SqliteZoneDatabase(options, held, writing);
        }
        catch
        {
            writing?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Keeps every zone away from a database until it is disposed.</summary>
    /// <param name="path">The database; need not exist.</param>
    /// <exception cref="StartException">A zone is running on it, or its directory cannot be written.</exception>
    public static IDisposable HoldFor(string path)
    {
        try
        {
            return Hold(path + ".lock");
        }
        catch (StoreException fault)
        {
            throw new StartException($"{path}: {fault.Message}");
        }
    }

    /// <inheritdoc/>
    public DatabaseStanding Standing() => new("sqlite", SqliteSchema.Version, 0, null);

    /// <inheritdoc/>
    public T Read<T>(Func<IZoneReader, T> query)
    {
        _readers.Wait();
        try
        {
            if (!_idle.TryTake(out var connection))
            {
                connection = new SqliteConnectionHandle(_options.Path, readOnly: true);
                connection.Script("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF");
            }

            try
            {
                connection.Run("BEGIN");
                return query(new SqliteReader(connection));
            }
            finally
            {
                if (connection.InTransaction)
                {
                    connection.Run("COMMIT");
                }

                _idle.Add(connection);
            }
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Writes to its lock file, which is beside the database: to open the database's own file would give up SQLite's locks. Want of space
    /// is what the writer itself looks for, before each batch.
    /// </remarks>
    public void Probe(bool withSpace)
    {
        try
        {
            RandomAccess.Write(_lock.SafeFileHandle, [0], 0);
        }
        catch (IOException fault)
        {
            throw new StoreException($"the database's directory takes no writes ({fault.Message})", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _idle)
        {
            connection.Dispose();
        }

        _writing.Dispose();
        _readers.Dispose();
        _lock.Dispose();
    }

    private static FileStream Hold(string path)
    {
        try
        {
            return Create(path, FileMode.OpenOrCreate);
        }
        catch (IOException fault)
        {
            throw new StoreException(
                "the database is open in another process, or its directory cannot be written; stop the other one", fault);
        }
    }

    // FileShare.None is an advisory lock of the file, released by the system when the process ends in whatever way.
    private static FileStream Create(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
