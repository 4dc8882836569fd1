using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// Hashes of the sparse Merkle tree: leaf = SHA-256(0x00 ‖ key ‖ value), node = SHA-256(0x01 ‖ left ‖ right), and an empty
/// subtree of any height is 32 zero bytes.
/// </summary>
public static class TreeHash
{
    /// <summary>Levels below the root; a leaf stands at this depth.</summary>
    public const int Depth = 256;

    /// <summary>The leaf of <paramref name="key"/>.</summary>
    /// <param name="key">The key, whose bits are the path.</param>
    /// <param name="value">SHA-256 of the entry's encoding.</param>
    public static Digest Leaf(Digest key, Digest value) => Hash(0, key, value);

    /// <summary>The parent of two subtrees; two empty ones have an empty parent.</summary>
    public static Digest Node(Digest left, Digest right) =>
        left == Digest.Zero && right == Digest.Zero ? Digest.Zero : Hash(1, left, right);

    /// <summary>The parent of <paramref name="child"/>, a right or a left one.</summary>
    public static Digest Parent(bool right, Digest child, Digest sibling) => right ? Node(sibling, child) : Node(child, sibling);

    private static Digest Hash(byte tag, Digest a, Digest b)
    {
        if (SimulatedArithmetic.Current is { } simulated)
        {
            return simulated.Hash(tag, a, b);
        }

        Span<byte> input = stackalloc byte[1 + (2 * Digest.Length)];
        input[0] = tag;
        a.CopyTo(input[1..]);
        b.CopyTo(input[(1 + Digest.Length)..]);
        return Digest.Of(input);
    }
}
