using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Broker.Protocol.Encoding;

namespace Broker.Protocol.Identifiers;

/// <summary>A 16-byte identifier: a hand-off, an idempotency key, a split. Written as 32 lower-case hexadecimal digits.</summary>
public readonly record struct Id16
{
    /// <summary>Bytes.</summary>
    public const int Length = 16;

    private readonly UInt128 _value;

    /// <summary>Takes 16 bytes.</summary>
    /// <exception cref="MalformedException">The length is another.</exception>
    public Id16(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new MalformedException("identifier is not 16 bytes long");
        }

        _value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
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
    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, _value);

    /// <summary>The 16 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
