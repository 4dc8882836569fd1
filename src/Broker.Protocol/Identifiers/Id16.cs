using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Broker.Protocol.Encoding;

namespace Broker.Protocol.Identifiers;

/// <summary>A 16-byte identifier: a hand-off, an idempotency key, a split. Written as 32 lower-case hexadecimal digits.</summary>
public readonly record struct Id16
{
    /// <summary>Bytes.</summary>
    public const int Length = 16;

    private const int HalfLength = Length / 2;

    // Not one number of 128 bits: the compiler that works ahead leaves out each method that has to do with such a one.
    private readonly ulong _high;
    private readonly ulong _low;

    /// <summary>Takes 16 bytes.</summary>
    /// <exception cref="MalformedException">The length is another.</exception>
    public Id16(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new MalformedException("identifier is not 16 bytes long");
        }

        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt64BigEndian(bytes[HalfLength..]);
    }

    /// <summary>Reads 32 hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Id16 id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text is null || text.Length != 2 * Length ||
            Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        id = new Id16(bytes);
        return true;
    }

    /// <summary>Writes the 16 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[HalfLength..], _low);
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
    }

    /// <summary>The 16 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Seeded for each process: others choose identifiers, and tables have them as keys.</summary>
    public override int GetHashCode()
    {
        // By halves: the hash of a word is its halves' exclusive or, without the seed.
        unchecked
        {
            return HashCode.Combine((uint)(_high >> 32), (uint)_high, (uint)(_low >> 32), (uint)_low);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
