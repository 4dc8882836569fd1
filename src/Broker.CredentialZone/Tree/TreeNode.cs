using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>A node that is stored: the root, and every node with at least two leaves below it.</summary>
/// <param name="Left">The side of bit 0.</param>
/// <param name="Right">The side of bit 1.</param>
internal sealed record TreeNode(TreeChild Left, TreeChild Right)
{
    /// <summary>Bytes of a stored node.</summary>
    public const int Length = 2 * ChildLength;

    private const int ChildLength = 1 + (2 * Digest.Length);

    /// <summary>The node with nothing below.</summary>
    public static readonly TreeNode Nothing = new(TreeChild.Empty, TreeChild.Empty);

    /// <summary>The node's hash; of the root with one leaf below, that leaf's.</summary>
    public Digest Hash => Subtree.Join(Left.Subtree, Right.Subtree).Hash;

    /// <summary>One side.</summary>
    public TreeChild Side(bool right) => right ? Right : Left;

    /// <summary>The node with one side replaced.</summary>
    public TreeNode With(bool right, TreeChild child) => right ? this with { Right = child } : this with { Left = child };

    /// <summary>The node as a table keeps it: of both sides the kind, then a leaf's key and value, or a node's hash and zeros.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        Write(Left, bytes);
        Write(Right, bytes.AsSpan(ChildLength));
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; a side of no known kind is read as a node, and has the hash of none.</summary>
    public static TreeNode Parse(ReadOnlySpan<byte> bytes) => new(Read(bytes[..ChildLength]), Read(bytes[ChildLength..]));

    private static void Write(TreeChild child, Span<byte> bytes)
    {
        bytes[0] = (byte)child.Kind;
        (child.Kind == SubtreeKind.Leaf ? child.Key : child.Subtree.Hash).CopyTo(bytes[1..]);
        child.Value.CopyTo(bytes[(1 + Digest.Length)..]);
    }

    private static TreeChild Read(ReadOnlySpan<byte> bytes)
    {
        var first = new Digest(bytes.Slice(1, Digest.Length));
        return (SubtreeKind)bytes[0] switch
        {
            SubtreeKind.Empty => TreeChild.Empty,
            SubtreeKind.Leaf => TreeChild.Leaf(first, new Digest(bytes.Slice(1 + Digest.Length, Digest.Length))),
            _ => TreeChild.Node(first),
        };
    }
}
