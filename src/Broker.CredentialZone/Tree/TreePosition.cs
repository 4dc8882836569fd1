using System.Buffers.Binary;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>Where a node stands: its depth and the bits of the path to it.</summary>
/// <param name="Depth">0 for the root.</param>
/// <param name="Prefix">The path, the bits beyond the depth zero.</param>
internal readonly record struct TreePosition(int Depth, Digest Prefix)
{
    /// <summary>Most bytes of a position.</summary>
    public const int MaxLength = 2 + Digest.Length;

    /// <summary>The root.</summary>
    public static TreePosition Root => new(0, Digest.Zero);

    /// <summary>The position at a depth on the path to a key.</summary>
    public static TreePosition On(Digest key, int depth) => new(depth, TreePath.Prefix(key, depth));

    /// <summary>The position one step below.</summary>
    public TreePosition Below(bool right)
    {
        Span<byte> prefix = stackalloc byte[Digest.Length];
        Prefix.CopyTo(prefix);
        if (right)
        {
            prefix[Depth >> 3] |= (byte)(0x80 >> (Depth & 7));
        }

        return new TreePosition(Depth + 1, new Digest(prefix));
    }

    /// <summary>Writes depth and path, as short as the depth allows: the key of the node in a table.</summary>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination)
    {
        Span<byte> prefix = stackalloc byte[Digest.Length];
        Prefix.CopyTo(prefix);
        var bytes = (Depth + 7) / 8;
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)Depth);
        prefix[..bytes].CopyTo(destination[2..]);
        return 2 + bytes;
    }
}
