using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>What stands below one side of a node.</summary>
internal enum TreeChildKind : byte
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>One leaf, wherever below; it needs no node of its own.</summary>
    Leaf,

    /// <summary>Two leaves or more: a node of its own.</summary>
    Node,
}

/// <summary>One side of a node.</summary>
/// <param name="Kind">What stands there.</param>
/// <param name="Hash">Hash of the subtree, as it is at the depth of this side.</param>
/// <param name="Key">Of a single leaf, its key.</param>
/// <param name="Leaf">Of a single leaf, its leaf hash.</param>
internal readonly record struct TreeChild(TreeChildKind Kind, Digest Hash, Digest Key, Digest Leaf)
{
    /// <summary>Nothing.</summary>
    public static TreeChild Empty => default;
}

/// <summary>A node that is stored: the root, and every node with at least two leaves below it.</summary>
/// <param name="Left">The side of bit 0.</param>
/// <param name="Right">The side of bit 1.</param>
internal sealed record TreeNode(TreeChild Left, TreeChild Right)
{
    /// <summary>Bytes of a stored node.</summary>
    public const int Length = 2 * ChildLength;

    private const int ChildLength = 1 + (3 * Digest.Length);

    /// <summary>The node with nothing below.</summary>
    public static readonly TreeNode Nothing = new(TreeChild.Empty, TreeChild.Empty);

    /// <summary>The node's hash.</summary>
    public Digest Hash => TreeHash.Node(Left.Hash, Right.Hash);

    /// <summary>One side.</summary>
    public TreeChild Side(bool right) => right ? Right : Left;

    /// <summary>The node with one side replaced.</summary>
    public TreeNode With(bool right, TreeChild child) => right ? this with { Right = child } : this with { Left = child };

    /// <summary>The node as a table keeps it: both sides, 97 bytes each.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        Write(Left, bytes);
        Write(Right, bytes.AsSpan(ChildLength));
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    public static TreeNode Parse(ReadOnlySpan<byte> bytes) => new(Read(bytes[..ChildLength]), Read(bytes[ChildLength..]));

    private static void Write(TreeChild child, Span<byte> bytes)
    {
        bytes[0] = (byte)child.Kind;
        child.Hash.CopyTo(bytes[1..]);
        child.Key.CopyTo(bytes[(1 + Digest.Length)..]);
        child.Leaf.CopyTo(bytes[(1 + (2 * Digest.Length))..]);
    }

    private static TreeChild Read(ReadOnlySpan<byte> bytes) => new(
        (TreeChildKind)bytes[0],
        new Digest(bytes.Slice(1, Digest.Length)),
        new Digest(bytes.Slice(1 + Digest.Length, Digest.Length)),
        new Digest(bytes.Slice(1 + (2 * Digest.Length), Digest.Length)));
}
