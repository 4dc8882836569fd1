using System.Text;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using SQLitePCL;

namespace Broker.CredentialZone.Sqlite;

/// <summary>One use of a prepared statement: bind in the order of the parameters, step, read columns, dispose.</summary>
internal ref struct SqliteCursor(SqliteConnectionHandle connection, sqlite3_stmt statement, string sql)
{
    // The year 9999.
    private const long MaxTime = 253_370_764_800_000;

    private const int ShortText = 128;

    private int _next;

    /// <summary>Binds a number.</summary>
    public SqliteCursor Bind(long value) => Check(raw.sqlite3_bind_int64(statement, ++_next, value));

    /// <summary>Binds a number below 2⁶³.</summary>
    public SqliteCursor Bind(ulong value) => Bind(checked((long)value));

    /// <summary>Binds a text.</summary>
    public SqliteCursor Bind(string value)
    {
        // The library copies it, so nothing of it has to be on the heap.
        Span<byte> utf8 = stackalloc byte[ShortText];
        return Encoding.UTF8.TryGetBytes(value, utf8, out var length) && length > 0
            ? Check(raw.sqlite3_bind_text(statement, ++_next, utf8[..length]))
            : Check(raw.sqlite3_bind_text(statement, ++_next, value));
    }

    /// <summary>Binds a name.</summary>
    public SqliteCursor Bind(Name value) => Bind(value.Value);

    /// <summary>Binds a time, in Unix milliseconds.</summary>
    public SqliteCursor Bind(DateTimeOffset value) => Bind(value.ToUnixTimeMilliseconds());

    /// <summary>Binds bytes.</summary>
    public SqliteCursor Bind(scoped ReadOnlySpan<byte> value) => Check(
        value.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, ++_next, 0) : raw.sqlite3_bind_blob(statement, ++_next, value));

    /// <summary>Binds bytes, or null where there are none.</summary>
    public SqliteCursor BindOrNull(scoped ReadOnlySpan<byte> value) =>
        value.IsEmpty ? Check(raw.sqlite3_bind_null(statement, ++_next)) : Bind(value);

    /// <summary>Binds a number, or null where there is none.</summary>
    public SqliteCursor BindOrNull(uint? value) => value is { } number
        ? Bind((long)number) : Check(raw.sqlite3_bind_null(statement, ++_next));

    /// <summary>Binds a digest.</summary>
    public SqliteCursor Bind(Digest value)
    {
        Span<byte> bytes = stackalloc byte[Protocol.Identifiers.Digest.Length];
        value.CopyTo(bytes);
        return Bind(bytes);
    }

    /// <summary>Binds a 16-byte identifier.</summary>
    public SqliteCursor Bind(Id16 value)
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        value.CopyTo(bytes);
        return Bind(bytes);
    }

    /// <summary>Steps to the next row.</summary>
    /// <returns>Whether there is one.</returns>
    public readonly bool Step()
    {
        connection.BeforeStatement?.Invoke(sql);
        var result = raw.sqlite3_step(statement);
        return result switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw connection.Fault(result),
        };
    }

    /// <summary>Steps a statement that returns nothing.</summary>
    /// <returns>Rows that it changed.</returns>
    public readonly int Run()
    {
        while (Step())
        {
        }

        return connection.Changes;
    }

    /// <summary>A number.</summary>
    public readonly long Int64(int column) => raw.sqlite3_column_int64(statement, column);

    /// <summary>A number that is not negative.</summary>
    public readonly ulong UInt64(int column) => Int64(column) is var value and >= 0 ? (ulong)value : throw Altered("number");

    /// <summary>A number that is not negative and below 2³².</summary>
    public readonly uint UInt32(int column) => Int64(column) is var value and >= 0 and <= uint.MaxValue
        ? (uint)value : throw Altered("number");

    /// <summary>A text.</summary>
    public readonly string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    /// <summary>A name.</summary>
    public readonly Name Name(int column) =>
        Protocol.Identifiers.Name.TryParse(Text(column), out var name) ? name : throw Altered("identifier");

    /// <summary>Bytes, in a new array; none where the column is null.</summary>
    public readonly byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    /// <summary>A digest.</summary>
    public readonly Digest Digest(int column) => Span(column) is { Length: Protocol.Identifiers.Digest.Length } bytes
        ? new Digest(bytes)
        : throw Altered("digest");

    /// <summary>A 16-byte identifier.</summary>
    public readonly Id16 Id(int column) => Span(column) is { Length: Id16.Length } bytes ? new Id16(bytes) : throw Altered("identifier");

    /// <summary>A time.</summary>
    public readonly DateTimeOffset Time(int column) => Int64(column) is var value and >= 0 and < MaxTime
        ? DateTimeOffset.FromUnixTimeMilliseconds(value)
        : throw Altered("time");

    /// <summary>Bytes without a copy, valid until the next step.</summary>
    public readonly ReadOnlySpan<byte> Span(int column) => raw.sqlite3_column_blob(statement, column);

    /// <summary>Makes the statement free again.</summary>
    public readonly void Dispose()
    {
        // The result repeats what Step reported.
        _ = raw.sqlite3_reset(statement);
        _ = raw.sqlite3_clear_bindings(statement);
    }

    // The zone writes what has its form, so something else did not come from it.
    private static AlteredException Altered(string what) => new(RefusalCode.RecordAltered, $"a stored {what} is not one");

    private readonly SqliteCursor Check(int result) => result == raw.SQLITE_OK ? this : throw connection.Fault(result);
}
