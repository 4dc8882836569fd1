using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Relational;

/// <summary>Of which type a parameter is. Every parameter has one: none is left to the database to guess.</summary>
internal enum SqlKind
{
    /// <summary>A 64-bit number.</summary>
    Number,

    /// <summary>A short text: a name, a type, a state.</summary>
    Text,

    /// <summary>Bytes of a key or a digest, at most 64.</summary>
    Bytes,

    /// <summary>Bytes of any length.</summary>
    Blob,

    /// <summary>Several short texts, for the databases that know arrays.</summary>
    Texts,
}

/// <summary>A parameter of a statement, with its type.</summary>
internal readonly struct SqlValue
{
    private SqlValue(SqlKind kind, object? value) => (Kind, Value) = (kind, value);

    /// <summary>Its type.</summary>
    public SqlKind Kind { get; }

    /// <summary>A <see cref="long"/>, a <see cref="string"/>, bytes, texts, or null.</summary>
    public object? Value { get; }

    /// <summary>Bytes of any length, or null where there are none.</summary>
    public static SqlValue BlobOrNull(ReadOnlyMemory<byte> bytes) => new(SqlKind.Blob, bytes.IsEmpty ? null : bytes.ToArray());

    /// <summary>Bytes of any length.</summary>
    public static SqlValue Blob(ReadOnlyMemory<byte> bytes) => new(SqlKind.Blob, bytes.ToArray());

    /// <summary>Bytes of a key, at most 64.</summary>
    public static SqlValue Bytes(ReadOnlySpan<byte> bytes) => new(SqlKind.Bytes, bytes.ToArray());

    /// <summary>A number, or null where there is none.</summary>
    public static SqlValue NumberOrNull(uint? number) => new(SqlKind.Number, number is { } n ? (long)n : null);

    /// <summary>Several texts.</summary>
    public static SqlValue Texts(string[] texts) => new(SqlKind.Texts, texts);

    /// <summary>A number.</summary>
    public static implicit operator SqlValue(long number) => new(SqlKind.Number, number);

    /// <summary>A number below 2⁶³.</summary>
    public static implicit operator SqlValue(ulong number) => checked((long)number);

    /// <summary>A truth, as 0 or 1.</summary>
    public static implicit operator SqlValue(bool truth) => truth ? 1L : 0L;

    /// <summary>A text.</summary>
    public static implicit operator SqlValue(string text) => new(SqlKind.Text, text);

    /// <summary>A name.</summary>
    public static implicit operator SqlValue(Name name) => name.Value;

    /// <summary>A digest.</summary>
    public static implicit operator SqlValue(Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        digest.CopyTo(bytes);
        return Bytes(bytes);
    }

    /// <summary>A 16-byte identifier.</summary>
    public static implicit operator SqlValue(Id16 id) => Bytes(id.ToArray());

    /// <summary>A time, in Unix milliseconds.</summary>
    public static implicit operator SqlValue(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
