using System.Security.Cryptography;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Tests.Merkle;

/// <summary>The sparse Merkle tree written straight from its definition, without the code under test.</summary>
internal static class ReferenceTree
{
    private static readonly byte[] Empty = new byte[32];

    public static byte[] Leaf(byte[] key, byte[] value) => SHA256.HashData([0, .. key, .. value]);

    /// <summary>The root over keys and their leaves, from <paramref name="depth"/> downwards.</summary>
    public static byte[] Root(IReadOnlyList<(byte[] Key, byte[] Leaf)> leaves, int depth = 0)
    {
        if (leaves.Count == 0)
        {
            return Empty;
        }

        if (depth == 256)
        {
            return leaves.Single().Leaf;
        }

        // Below a lone leaf every sibling is empty: no need to look at lists.
        if (leaves.Count == 1)
        {
            var child = Root(leaves, depth + 1);
            return Bit(leaves[0].Key, depth) ? Node(Empty, child) : Node(child, Empty);
        }

        return Node(
            Root([.. leaves.Where(l => !Bit(l.Key, depth))], depth + 1),
            Root([.. leaves.Where(l => Bit(l.Key, depth))], depth + 1));
    }

    /// <summary>The proof of a key, present or not: a bit for each depth with a sibling, and the siblings from the leaf upwards.</summary>
    public static (byte[] Present, List<byte[]> Siblings) Proof(IReadOnlyList<(byte[] Key, byte[] Leaf)> leaves, byte[] key)
    {
        var present = new byte[32];
        var siblings = new List<byte[]>();
        var rest = leaves;
        for (var depth = 0; depth < 256; depth++)
        {
            var sibling = Root([.. rest.Where(l => Bit(l.Key, depth) != Bit(key, depth))], depth + 1);
            if (!sibling.SequenceEqual(Empty))
            {
                present[depth / 8] |= (byte)(1 << (7 - (depth % 8)));
                siblings.Insert(0, sibling);
            }

            rest = [.. rest.Where(l => Bit(l.Key, depth) == Bit(key, depth))];
        }

        return (present, siblings);
    }

    public static bool Bit(byte[] key, int index) => ((key[index / 8] >> (7 - (index % 8))) & 1) == 1;

    private static byte[] Node(byte[] left, byte[] right) =>
        left.SequenceEqual(Empty) && right.SequenceEqual(Empty) ? Empty : SHA256.HashData([1, .. left, .. right]);

    public static Protocol.Merkle.TreeProof ProofOf(IReadOnlyDictionary<Digest, Digest> tree, Digest key)
    {
        var (present, siblings) = Proof(Leaves(tree), key.ToArray());
        return new(new Digest(present), [.. siblings.Select(s => new Digest(s))]);
    }

    public static Digest RootOf(IReadOnlyDictionary<Digest, Digest> tree) => new(Root(Leaves(tree)));

    private static List<(byte[] Key, byte[] Leaf)> Leaves(IReadOnlyDictionary<Digest, Digest> tree) =>
        [.. tree.Select(l => (l.Key.ToArray(), l.Value.ToArray()))];
}
