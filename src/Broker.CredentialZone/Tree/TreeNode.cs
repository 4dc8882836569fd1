using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>A node that is stored: the root, and every node with at least two leaves below it.</summary>
/// <param name="Left">The side of bit 0.</param>
/// <param name="Right">The side of bit 1.</param>
internal sealed record TreeNode(TreeChild Left, TreeChild Right)
{
    /// <summary>The node with nothing below.</summary>
    public static readonly TreeNode Nothing = new(TreeChild.Empty, TreeChild.Empty);

    /// <summary>The node's hash; of the root with one leaf below, that leaf's.</summary>
    public Digest Hash => Subtree.Join(Left.Subtree, Right.Subtree).Hash;

    /// <summary>One side.</summary>
    public TreeChild Side(bool right) => right ? Right : Left;

    /// <summary>The node with one side replaced.</summary>
    public TreeNode With(bool right, TreeChild child) => right ? this with { Right = child } : this with { Left = child };

    /// <summary>The node as a table keeps it: of both sides the kind, then a leaf's key and value, or a node's hash.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Length(Left.Kind) + Length(Right.Kind)];
        Write(Right, Write(Left, bytes));
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="MalformedException">It is no node.</exception>
    public static TreeNode Parse(ReadOnlySpan<byte> bytes)
    {
        var left = LengthOfSide(bytes);
        return left + LengthOfSide(bytes[left..]) == bytes.Length
            ? new TreeNode(ReadSide(bytes[..left]), ReadSide(bytes[left..]))
            : throw NoNode();
    }

    /// <summary>How many of these bytes are one side.</summary>
    /// <exception cref="MalformedException">None is.</exception>
    public static int LengthOfSide(ReadOnlySpan<byte> bytes) =>
        !bytes.IsEmpty && bytes[0] <= (byte)SubtreeKind.Node && Length((SubtreeKind)bytes[0]) is var length && length <= bytes.Length
            ? length
            : throw NoNode();

    /// <summary>Reads one side, as long as <see cref="LengthOfSide"/> says.</summary>
    public static TreeChild ReadSide(ReadOnlySpan<byte> bytes) => (SubtreeKind)bytes[0] switch
    {
        SubtreeKind.Empty => TreeChild.Empty,
        SubtreeKind.Leaf => TreeChild.Leaf(new Digest(bytes.Slice(1, Digest.Length)), new Digest(bytes[(1 + Digest.Length)..])),
        _ => TreeChild.Node(new Digest(bytes[1..])),
    };

    private static MalformedException NoNode() => new("a node of the tree is not one");

    private static int Length(SubtreeKind kind) => kind switch
    {
        SubtreeKind.Empty => 1,
        SubtreeKind.Leaf => 1 + (2 * Digest.Length),
        _ => 1 + Digest.Length,
    };

    private static Span<byte> Write(TreeChild child, Span<byte> bytes)
    {
        bytes[0] = (byte)child.Kind;
        if (child.Kind == SubtreeKind.Leaf)
        {
            child.Key.CopyTo(bytes[1..]);
            child.Value.CopyTo(bytes[(1 + Digest.Length)..]);
        }
        else if (child.Kind == SubtreeKind.Node)
        {
            child.Subtree.Hash.CopyTo(bytes[1..]);
        }

        return bytes[Length(child.Kind)..];
    }
}
