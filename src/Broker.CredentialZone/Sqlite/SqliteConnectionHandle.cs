using Broker.CredentialZone.Store;
using SQLitePCL;

namespace Broker.CredentialZone.Sqlite;

/// <summary>
/// One connection with its prepared statements. A statement is prepared at its first use and kept: on the writer's path a
/// statement costs its binding and its step. Not for two threads at a time.
/// </summary>
internal sealed class SqliteConnectionHandle : IDisposable
{
    private readonly sqlite3 _db;

    // Statements are constants, so the reference finds them without hashing their text.
    private readonly Dictionary<string, sqlite3_stmt> _statements = new(ReferenceEqualityComparer.Instance);

    static SqliteConnectionHandle()
    {
        Batteries_V2.Init();
        // Else each allocation is counted under one lock of the process. Where SQLite runs already it refuses, and counts on.
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    /// <summary>Opens the file.</summary>
    /// <param name="path">An existing file, or one that is to be created where <paramref name="readOnly"/> is false.</param>
    /// <param name="readOnly">For readers.</param>
    /// <exception cref="StoreException">It cannot be opened.</exception>
    public SqliteConnectionHandle(string path, bool readOnly)
        : this(
            path,
            raw.SQLITE_OPEN_NOMUTEX | (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE))
    {
    }

    private SqliteConnectionHandle(string path, int flags)
    {
        var result = raw.sqlite3_open_v2(path, out _db, flags, null);
        if (result != raw.SQLITE_OK)
        {
            var fault = Fault(result);
            _db.Dispose();
            throw fault;
        }

        raw.sqlite3_extended_result_codes(_db, 1);
    }

    /// <summary>Opens a file that nobody writes: nothing is locked, and no log is made beside it.</summary>
    /// <param name="path">An existing file.</param>
    /// <exception cref="StoreException">It cannot be opened.</exception>
    public static SqliteConnectionHandle OpenUnchanging(string path) =>
        new($"file:{Uri.EscapeDataString(path)}?immutable=1", raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI | raw.SQLITE_OPEN_NOMUTEX);

    /// <summary>Called before each statement is stepped, with its text: where tests cut the power.</summary>
    public Action<string>? BeforeStatement { get; set; }

    /// <summary>Whether a transaction stands.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    /// <summary>Rows that the last statement changed.</summary>
    public int Changes => raw.sqlite3_changes(_db);

    /// <summary>Row id of the last insertion.</summary>
    public long LastInsertId => raw.sqlite3_last_insert_rowid(_db);

    /// <summary>Begins a use of a prepared statement; dispose it to make the statement free again.</summary>
    /// <param name="sql">A constant.</param>
    public SqliteCursor Use(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            var result = raw.sqlite3_prepare_v3(_db, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement);
            if (result != raw.SQLITE_OK)
            {
                throw Fault(result);
            }

            _statements.Add(sql, statement);
        }

        return new SqliteCursor(this, statement, sql);
    }

    /// <summary>Runs a statement without parameters, for instance <c>COMMIT</c>.</summary>
    public void Run(string sql)
    {
        using var cursor = Use(sql);
        cursor.Run();
    }

    /// <summary>Runs text that is not kept: the schema, settings.</summary>
    public void Script(string sql)
    {
        var result = raw.sqlite3_exec(_db, sql);
        if (result != raw.SQLITE_OK)
        {
            throw Fault(result);
        }
    }

    /// <summary>The error of a result code, with the database's own text, which holds no value.</summary>
    public StoreException Fault(int result)
    {
        var text = $"the database failed ({result}: {raw.sqlite3_errmsg(_db).utf8_to_string()})";
        return (result & 0xFF) == raw.SQLITE_FULL ? new StoreFullException(text) : new StoreException(text);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _db.Dispose();
    }
}
