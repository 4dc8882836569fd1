using System.Buffers.Binary;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Encoding;

/// <summary>
/// Writes <c>enc(label, a, b, …)</c>: each field is a u32 big-endian length followed by its bytes, the first field is the
/// label. Everything that is signed or authenticated is written by this class. Public data only: the buffer is managed.
/// <see cref="ToArray"/> or <see cref="Hash"/> ends it; nothing is appended after either.
/// </summary>
public sealed class EncWriter
{
    private const int FirstBytes = 2048;

    // Statements are encoded some dozen times for each request: the buffer of one that has ended serves the thread's next.
    [ThreadStatic]
    private static byte[]? _spare;

    private byte[]? _buffer;
    private int _length;

    /// <summary>Begins an encoding with its label, for instance <c>broker/row/1</c>.</summary>
    public EncWriter(string label)
    {
        (_buffer, _spare) = (_spare ?? new byte[FirstBytes], null);
        Text(label);
    }

    /// <summary>Appends a field of raw bytes.</summary>
    public EncWriter Bytes(ReadOnlySpan<byte> value)
    {
        var span = Reserve(4 + value.Length);
        BinaryPrimitives.WriteUInt32BigEndian(span, (uint)value.Length);
        value.CopyTo(span[4..]);
        _length += 4 + value.Length;
        return this;
    }

    /// <summary>Appends a UTF-8 text of at most 4 KiB.</summary>
    /// <exception cref="MalformedException">
    /// It is longer, or has half a surrogate pair: replacing that would give two texts one encoding, and one signature.
    /// </exception>
    public EncWriter Text(string value)
    {
        try
        {
            // No character takes less than one byte or more than three, so the buffer is bounded before the length is known.
            var room = value.Length <= EncReader.MaxText ? Reserve(4 + (3 * value.Length)) : [];
            var length = room.IsEmpty ? int.MaxValue : EncReader.StrictUtf8.GetBytes(value, room[4..]);
            if (length > EncReader.MaxText)
            {
                throw new MalformedException("text is longer than 4096 bytes of utf-8");
            }

            BinaryPrimitives.WriteUInt32BigEndian(room, (uint)length);
            _length += 4 + length;
            return this;
        }
        catch (System.Text.EncoderFallbackException)
        {
            throw new MalformedException("text is not valid unicode");
        }
    }

    /// <summary>Appends a flag as a u32, 0 or 1.</summary>
    public EncWriter Flag(bool value) => U32(value ? 1u : 0);

    /// <summary>Appends a u32, big-endian.</summary>
    public EncWriter U32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>Appends a u64, big-endian.</summary>
    public EncWriter U64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>Appends an identifier.</summary>
    public EncWriter Name(Name value) => Text(value.Value);

    /// <summary>Appends a 16-byte identifier.</summary>
    public EncWriter Id(Id16 value)
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        value.CopyTo(bytes);
        return Bytes(bytes);
    }

    /// <summary>Appends a SHA-256 value.</summary>
    public EncWriter Digest(Digest value)
    {
        Span<byte> bytes = stackalloc byte[Identifiers.Digest.Length];
        value.CopyTo(bytes);
        return Bytes(bytes);
    }

    /// <summary>Appends a 65-byte uncompressed SEC1 point.</summary>
    public EncWriter Key(PublicKey value) => Bytes(value.Bytes.Span);

    /// <summary>Appends a time as u64 Unix milliseconds; what is finer is cut off.</summary>
    /// <exception cref="MalformedException">It is before 1970 or after 9998.</exception>
    public EncWriter Time(DateTimeOffset value) =>
        value.ToUnixTimeMilliseconds() is var milliseconds and >= 0 and <= (long)EncReader.MaxTime
        ? U64((ulong)milliseconds)
        : throw new MalformedException("time is out of range");

    /// <summary>
    /// Appends a list as one field: u32 count, then each item as a field holding the fields that <paramref name="write"/> appends.
    /// </summary>
    public EncWriter List<T>(IReadOnlyCollection<T> items, Action<EncWriter, T> write)
    {
        var list = BeginField();
        BinaryPrimitives.WriteUInt32BigEndian(Reserve(4), (uint)items.Count);
        _length += 4;
        foreach (var item in items)
        {
            var field = BeginField();
            write(this, item);
            EndField(field);
        }

        EndField(list);
        return this;
    }

    /// <summary>Appends a list of identifiers.</summary>
    public EncWriter Names(IReadOnlyCollection<Name> items) => List(items, static (w, n) => w.Name(n));

    /// <summary>Returns the encoding as a new array.</summary>
    /// <exception cref="InvalidOperationException">The encoding was ended before.</exception>
    public byte[] ToArray()
    {
        var encoding = Written.ToArray();
        End();
        return encoding;
    }

    /// <summary>The SHA-256 of the encoding.</summary>
    /// <exception cref="InvalidOperationException">The encoding was ended before.</exception>
    public Digest Hash()
    {
        var hash = Identifiers.Digest.Of(Written);
        End();
        return hash;
    }

    private ReadOnlySpan<byte> Written => Buffer.AsSpan(0, _length);

    private byte[] Buffer => _buffer ?? throw new InvalidOperationException("the encoding was ended; nothing follows");

    private void End()
    {
        // What was long is the exception, and not kept.
        if (_buffer is { Length: FirstBytes } buffer)
        {
            _spare = buffer;
        }

        _buffer = null;
    }

    // The length of a field that is made of fields is written when they are: one buffer serves all of an encoding.
    private int BeginField()
    {
        _ = Reserve(4);
        _length += 4;
        return _length;
    }

    private void EndField(int start) =>
        BinaryPrimitives.WriteUInt32BigEndian(Buffer.AsSpan(start - 4), (uint)(_length - start));

    private Span<byte> Reserve(int bytes)
    {
        var buffer = Buffer;
        if (buffer.Length - _length < bytes)
        {
            Array.Resize(ref buffer, Math.Max(2 * buffer.Length, _length + bytes));
            _buffer = buffer;
        }

        return buffer.AsSpan(_length);
    }
}
