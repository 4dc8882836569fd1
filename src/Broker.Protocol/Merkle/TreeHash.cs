using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// Hashes of the sparse Merkle tree: leaf = SHA-256(0x00 ‖ key ‖ value), node = SHA-256(0x01 ‖ left ‖ right), nothing = 32 zero
/// bytes. <see cref="Subtree.Join(Subtree, Subtree)"/> says where a node stands.
/// </summary>
public static class TreeHash
{
    /// <summary>Most levels below the root: the bits of a key.</summary>
    public const int Depth = 256;

    /// <summary>The leaf of <paramref name="key"/>.</summary>
    /// <param name="key">The key, whose bits are the path.</param>
    /// <param name="value">SHA-256 of the entry's encoding.</param>
    public static Digest Leaf(Digest key, Digest value) => Hash(0, key, value);

    /// <summary>The node of two subtrees.</summary>
    public static Digest Node(Digest left, Digest right) => Hash(1, left, right);

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
