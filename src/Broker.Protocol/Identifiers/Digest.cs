using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using Broker.Protocol.Encoding;

namespace Broker.Protocol.Identifiers;

/// <summary>A SHA-256 value: fingerprint of a key, root, leaf, hash of a block. Written as 64 lower-case hexadecimal digits.</summary>
public readonly record struct Digest
{
    /// <summary>Bytes.</summary>
    public const int Length = 32;

    private readonly Bytes32 _bytes;

    /// <summary>Takes 32 bytes.</summary>
    /// <exception cref="MalformedException">The length is another.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new MalformedException("digest is not 32 bytes long");
        }

        _bytes = MemoryMarshal.Read<Bytes32>(bytes);
    }

    /// <summary>32 zero bytes: the empty subtree, the predecessor of the first block.</summary>
    public static Digest Zero => default;

    /// <summary>SHA-256 of <paramref name="data"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        if (SimulatedArithmetic.Current is { } simulated)
        {
            return simulated.Hash(data);
        }

        Span<byte> hash = stackalloc byte[Length];
        Sha256.Hash(data, hash);
        return new Digest(hash);
    }

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text is null || text.Length != 2 * Length ||
            Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        digest = new Digest(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, _bytes);

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Bit <paramref name="index"/>, the most significant first: the branch of a tree at that depth.</summary>
    /// <param name="index">0 to 255.</param>
    public bool Bit(int index) =>
        (MemoryMarshal.AsBytes(new ReadOnlySpan<Bytes32>(in _bytes))[index >> 3] & (0x80 >> (index & 7))) != 0;

    /// <summary>As <see cref="DigestOrder"/> says.</summary>
    internal int CompareTo(Digest other)
    {
        var (mine, theirs) = (_bytes, other._bytes);
        // Nearly always the first word tells.
        return mine.A != theirs.A ? Compare(mine.A, theirs.A)
            : mine.B != theirs.B ? Compare(mine.B, theirs.B)
            : mine.C != theirs.C ? Compare(mine.C, theirs.C)
            : Compare(mine.D, theirs.D);
    }

    /// <summary>How many bits are set from <paramref name="index"/> on.</summary>
    /// <param name="index">0 to 256.</param>
    internal int BitsFrom(int index)
    {
        var count = 0;
        var words = MemoryMarshal.AsBytes(new ReadOnlySpan<Bytes32>(in _bytes));
        for (var word = index / 64; word < Length / 8; word++)
        {
            var bits = BinaryPrimitives.ReadUInt64BigEndian(words[(8 * word)..]);
            count += BitOperations.PopCount(word == index / 64 ? bits & (ulong.MaxValue >> (index % 64)) : bits);
        }

        return count;
    }

    /// <summary>The index of the last bit that is set; -1 where none is.</summary>
    internal int LastBit()
    {
        var words = MemoryMarshal.AsBytes(new ReadOnlySpan<Bytes32>(in _bytes));
        for (var word = (Length / 8) - 1; word >= 0; word--)
        {
            if (BinaryPrimitives.ReadUInt64BigEndian(words[(8 * word)..]) is var bits and not 0)
            {
                return (64 * word) + 63 - BitOperations.TrailingZeroCount(bits);
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    // The words are as they lie, and the first byte is the most significant.
    private static int Compare(ulong x, ulong y) => BitConverter.IsLittleEndian
        ? BinaryPrimitives.ReverseEndianness(x).CompareTo(BinaryPrimitives.ReverseEndianness(y))
        : x.CompareTo(y);

    // Four words make equality and hashing cheap: digests are dictionary keys of the tree and the caches.
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Bytes32(ulong A, ulong B, ulong C, ulong D);
}
