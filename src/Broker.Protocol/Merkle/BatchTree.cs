using System.Security.Cryptography;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// The Merkle tree over the blocks of one group commit, as in RFC 6962, 2.1: leaf = SHA-256(0x00 ‖ block hash), node =
/// SHA-256(0x01 ‖ left ‖ right), split at the largest power of two below the count.
/// </summary>
public static class BatchTree
{
    /// <summary>Most blocks of one batch.</summary>
    public const int MaxBlocks = 4096;

    /// <summary>The root over block hashes, and for each its path from the leaf upwards.</summary>
    /// <param name="blocks">1 to <see cref="MaxBlocks"/> hashes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are none, or more.</exception>
    public static (Digest Root, IReadOnlyList<Digest>[] Paths) Build(IReadOnlyList<Digest> blocks)
    {
        ArgumentOutOfRangeException.ThrowIfZero(blocks.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks.Count, MaxBlocks);
        var paths = new List<Digest>[blocks.Count];
        for (var i = 0; i < paths.Length; i++)
        {
            paths[i] = [];
        }

        var root = Build(blocks, paths, 0, blocks.Count);
        return (root, paths);
    }

    /// <summary>The root that follows from one block and its path.</summary>
    /// <param name="block">Hash of the block.</param>
    /// <param name="index">Its index in the batch.</param>
    /// <param name="count">Blocks of the batch.</param>
    /// <param name="path">Siblings from the leaf upwards.</param>
    /// <exception cref="MalformedException">Index, count and path do not fit.</exception>
    public static Digest Root(Digest block, uint index, uint count, IReadOnlyList<Digest> path)
    {
        if (index >= count || count > MaxBlocks)
        {
            throw new MalformedException("index is not in the batch");
        }

        // RFC 9162, 2.1.3.2
        var (fn, sn, node) = (index, count - 1, Hash(0, block, default, leaf: true));
        foreach (var sibling in path)
        {
            if (sn == 0)
            {
                throw new MalformedException("path is too long");
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                node = Hash(1, sibling, node, leaf: false);
                while ((fn & 1) == 0 && fn != 0)
                {
                    (fn, sn) = (fn >> 1, sn >> 1);
                }
            }
            else
            {
                node = Hash(1, node, sibling, leaf: false);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 ? node : throw new MalformedException("path is too short");
    }

    private static Digest Build(IReadOnlyList<Digest> blocks, List<Digest>[] paths, int start, int count)
    {
        if (count == 1)
        {
            return Hash(0, blocks[start], default, leaf: true);
        }

        var split = (int)(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count) / 2);
        var left = Build(blocks, paths, start, split);
        var right = Build(blocks, paths, start + split, count - split);
        for (var i = 0; i < count; i++)
        {
            paths[start + i].Add(i < split ? right : left);
        }

        return Hash(1, left, right, leaf: false);
    }

    private static Digest Hash(byte tag, Digest a, Digest b, bool leaf)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Digest.Length)];
        input[0] = tag;
        a.CopyTo(input[1..]);
        b.CopyTo(input[(1 + Digest.Length)..]);
        Span<byte> hash = stackalloc byte[Digest.Length];
        SHA256.HashData(leaf ? input[..(1 + Digest.Length)] : input, hash);
        return new Digest(hash);
    }
}
