using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// One side of a node. A leaf is told by what it is made of, so that nobody can pass a node for a leaf and have it moved to where
/// the keys below it no longer lead.
/// </summary>
/// <param name="Subtree">What stands there.</param>
/// <param name="Key">Of a leaf, its key; else zero.</param>
/// <param name="Value">Of a leaf, SHA-256 of the entry's encoding; else zero.</param>
public readonly record struct TreeChild(Subtree Subtree, Digest Key, Digest Value)
{
    /// <summary>Nothing.</summary>
    public static TreeChild Empty => default;

    /// <summary>What stands there.</summary>
    public SubtreeKind Kind => Subtree.Kind;

    /// <summary>A leaf; nothing where its value is zero.</summary>
    public static TreeChild Leaf(Digest key, Digest value) =>
        value == Digest.Zero ? Empty : new(Subtree.OfLeaf(TreeHash.Leaf(key, value)), key, value);

    /// <summary>A node by its hash.</summary>
    public static TreeChild Node(Digest hash) => new(new Subtree(SubtreeKind.Node, hash), default, default);

    /// <summary>Whether it can stand beside the path of a key at a depth: a leaf's key parts from it at just that bit.</summary>
    internal bool IsBeside(Digest key, int depth) =>
        Kind == SubtreeKind.Node || TreePath.Prefix(Key, depth + 1) == TreePath.Flip(TreePath.Prefix(key, depth + 1), depth);

    /// <summary>Bytes of <see cref="Write"/>.</summary>
    internal int EncodedLength => 1 + ((Kind == SubtreeKind.Leaf ? 2 : 1) * Digest.Length);

    /// <summary>Writes the tag of its hash (0 for a leaf, 1 for a node), then key and value, or the hash; not of nothing.</summary>
    internal Span<byte> Write(Span<byte> destination)
    {
        var isLeaf = Kind == SubtreeKind.Leaf;
        destination[0] = isLeaf ? (byte)0 : (byte)1;
        (isLeaf ? Key : Subtree.Hash).CopyTo(destination[1..]);
        if (isLeaf)
        {
            Value.CopyTo(destination[(1 + Digest.Length)..]);
        }

        return destination[EncodedLength..];
    }

    /// <summary>Reads what <see cref="Write"/> wrote, and moves <paramref name="bytes"/> behind it.</summary>
    /// <exception cref="MalformedException">It is no sibling, or an empty one.</exception>
    internal static TreeChild Read(ref ReadOnlySpan<byte> bytes)
    {
        var digests = bytes is [0 or 1, ..] ? 2 - bytes[0] : throw new MalformedException("a sibling is neither leaf nor node");
        if (bytes.Length < 1 + (digests * Digest.Length))
        {
            throw new MalformedException("a sibling is cut off");
        }

        var first = new Digest(bytes.Slice(1, Digest.Length));
        var sibling = digests == 2 ? Leaf(first, new Digest(bytes.Slice(1 + Digest.Length, Digest.Length))) : Node(first);
        if (sibling.Subtree.Hash == Digest.Zero)
        {
            throw new MalformedException("a sibling is empty");
        }

        bytes = bytes[sibling.EncodedLength..];
        return sibling;
    }
}
