using System.Buffers.Binary;
using System.Text;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Encoding;

/// <summary>Reads one item of a list.</summary>
/// <typeparam name="T">The item.</typeparam>
public delegate T EncItem<out T>(ref EncReader reader);

/// <summary>
/// Reads <c>enc(label, a, b, …)</c> strictly: every field has exactly the length of its type and nothing follows the last,
/// so a value has one encoding and what was read re-encodes to the same bytes.
/// </summary>
public ref struct EncReader
{
    /// <summary>Most items a list may have.</summary>
    public const int MaxItems = 4096;

    /// <summary>Most bytes of a text, for reader and writer.</summary>
    internal const int MaxText = 4096;

    /// <summary>
    /// Latest time, for reader and writer, in Unix milliseconds: 9999-01-01. A year below the last date of the platform, since
    /// verifiers add a life or a skew to times that nobody has authenticated yet.
    /// </summary>
    internal const ulong MaxTime = 253_370_764_800_000;

    internal static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins to read and checks the label.</summary>
    /// <exception cref="MalformedException">The first field is not <paramref name="label"/>.</exception>
    public EncReader(ReadOnlySpan<byte> encoding, string label)
    {
        _rest = encoding;
        if (!Ascii.Equals(Bytes(MaxText), label))
        {
            throw new MalformedException($"not a {label} encoding");
        }
    }

    private EncReader(ReadOnlySpan<byte> fields) => _rest = fields;

    /// <summary>Whether an encoding begins with <paramref name="label"/>: for formats of which two versions are read.</summary>
    public static bool Begins(ReadOnlySpan<byte> encoding, string label) =>
        encoding.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(encoding) == (uint)label.Length &&
        encoding.Length - 4 >= label.Length && Ascii.Equals(encoding.Slice(4, label.Length), label);

    /// <summary>Reads a field of raw bytes, at most <paramref name="max"/>.</summary>
    public ReadOnlySpan<byte> Bytes(int max = int.MaxValue)
    {
        if (_rest.Length < 4)
        {
            throw new MalformedException("encoding ends before a field");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        if (length > (uint)max || length > (uint)(_rest.Length - 4))
        {
            throw new MalformedException("field is longer than allowed or than what is there");
        }

        var value = _rest.Slice(4, (int)length);
        _rest = _rest[(4 + (int)length)..];
        return value;
    }

    /// <summary>Reads a field of exactly <paramref name="length"/> bytes.</summary>
    public ReadOnlySpan<byte> Exactly(int length)
    {
        var value = Bytes(length);
        return value.Length == length ? value : throw new MalformedException($"field is not {length} bytes long");
    }

    /// <summary>Reads a UTF-8 text of at most 4 KiB.</summary>
    public string Text()
    {
        try
        {
            return StrictUtf8.GetString(Bytes(MaxText));
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedException("text is not valid UTF-8");
        }
    }

    /// <summary>Reads a u32.</summary>
    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Exactly(4));

    /// <summary>Reads a u32 that is 0 or 1.</summary>
    public bool Flag() => U32() switch
    {
        0 => false,
        1 => true,
        _ => throw new MalformedException("a flag is 0 or 1"),
    };

    /// <summary>Reads a u64.</summary>
    public ulong U64() => BinaryPrimitives.ReadUInt64BigEndian(Exactly(8));

    /// <summary>Reads an identifier.</summary>
    public Name Name() => Identifiers.Name.Parse(Text());

    /// <summary>Reads a 16-byte identifier.</summary>
    public Id16 Id() => new(Exactly(Id16.Length));

    /// <summary>Reads a SHA-256 value.</summary>
    public Digest Digest() => new(Exactly(Identifiers.Digest.Length));

    /// <summary>Reads a public key and checks that it is a point of P-256.</summary>
    public PublicKey Key() => PublicKey.Parse(Exactly(PublicKey.Length));

    /// <summary>Reads a time, 1970 to the end of 9998: a year can be added to it.</summary>
    public DateTimeOffset Time()
    {
        var milliseconds = U64();
        return milliseconds <= MaxTime
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds)
            : throw new MalformedException("time is out of range");
    }

    /// <summary>Reads a list of at most <paramref name="max"/> items.</summary>
    public IReadOnlyList<T> List<T>(EncItem<T> item, int max = MaxItems)
    {
        var field = Bytes();
        if (field.Length < 4)
        {
            throw new MalformedException("list has no count");
        }

        var count = BinaryPrimitives.ReadUInt32BigEndian(field);
        if (count > (uint)max)
        {
            throw new MalformedException($"list has more than {max} items");
        }

        var outer = new EncReader(field[4..]);
        // An item has a length at least, so the capacity is bounded by what was sent.
        var items = new List<T>(Math.Min((int)count, field.Length / 4));
        for (var i = 0; i < count; i++)
        {
            var inner = new EncReader(outer.Bytes());
            items.Add(item(ref inner));
            inner.End();
        }

        outer.End();
        return items;
    }

    /// <summary>Reads a list of identifiers.</summary>
    public IReadOnlyList<Name> Names(int max = MaxItems) => List(static (ref r) => r.Name(), max);

    /// <summary>Checks that nothing follows.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new MalformedException("bytes follow the last field");
        }
    }
}
