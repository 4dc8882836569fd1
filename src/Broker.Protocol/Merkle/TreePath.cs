using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>Positions in the tree: the first bits of a key, the rest zero.</summary>
public static class TreePath
{
    /// <summary>The first <paramref name="bits"/> bits of a key, the rest zero.</summary>
    public static Digest Prefix(Digest key, int bits)
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        key.CopyTo(bytes);
        var whole = bits >> 3;
        if (whole < Digest.Length)
        {
            bytes[whole] &= unchecked((byte)(0xFF00 >> (bits & 7)));
            bytes[(whole + 1)..].Clear();
        }

        return new Digest(bytes);
    }

    /// <summary>The same with bit <paramref name="index"/> the other way.</summary>
    public static Digest Flip(Digest prefix, int index)
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        prefix.CopyTo(bytes);
        bytes[index >> 3] ^= (byte)(0x80 >> (index & 7));
        return new Digest(bytes);
    }
}
