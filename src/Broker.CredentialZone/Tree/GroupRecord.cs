using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>The record of a <see cref="NodeGroup"/>, read into a tree in memory and written from it.</summary>
internal static class GroupRecord
{
    private const int Sides = 1 << NodeGroup.Levels;

    /// <summary>Most bytes of a record: of each node one, and the leaves below.</summary>
    public const int MaxLength = Sides - 1 + (Sides * (1 + (2 * Digest.Length)));

    /// <summary>Whether a group begins at a depth.</summary>
    public static bool BeginsAt(int depth) => depth % NodeGroup.Levels == 0;

    /// <summary>Writes the record of the group that begins at a place.</summary>
    /// <param name="top">A node whose group is in memory; at the root of the tree a lone leaf as well.</param>
    /// <param name="bytes">Written to; <see cref="MaxLength"/> are enough.</param>
    /// <returns>How many bytes.</returns>
    public static int Write(TreePlace top, Span<byte> bytes)
    {
        var rest = bytes;
        if (top.Kind == SubtreeKind.Leaf)
        {
            // Of the root both sides are told, whatever they are.
            rest[0] = NodeGroup.Inside;
            var right = top.Key.Bit(0);
            rest = Write(right ? TreePlace.Empty : top, 1, rest[1..]);
            rest = Write(right ? top : TreePlace.Empty, 1, rest);
        }
        else
        {
            rest = Write(top, 0, rest);
        }

        return bytes.Length - rest.Length;
    }

    /// <summary>Reads a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="isRoot">Whether it is the root's, below which a leaf may be alone.</param>
    /// <returns>What stands where the group begins, and how many of its nodes there are.</returns>
    /// <exception cref="MalformedException">It is none.</exception>
    public static (TreePlace Top, int Nodes) Read(ReadOnlySpan<byte> record, bool isRoot)
    {
        if (record is not [NodeGroup.Inside, ..])
        {
            throw NodeGroup.NoGroup();
        }

        var nodes = 1;
        record = record[1..];
        var left = Read(ref record, 1, ref nodes);
        var right = Read(ref record, 1, ref nodes);
        if (!record.IsEmpty)
        {
            throw NodeGroup.NoGroup();
        }

        return (isRoot, left.Kind, right.Kind) switch
        {
            (true, SubtreeKind.Empty, not SubtreeKind.Node) => (right, nodes),
            (true, SubtreeKind.Leaf, SubtreeKind.Empty) => (left, nodes),
            _ => (TreePlace.Join(left, right), nodes),
        };
    }

    private static Span<byte> Write(TreePlace at, int level, Span<byte> bytes)
    {
        if (at.Kind == SubtreeKind.Node && level < NodeGroup.Levels)
        {
            bytes[0] = NodeGroup.Inside;
            return Write(at.Right!, level + 1, Write(at.Left!, level + 1, bytes[1..]));
        }

        bytes[0] = (byte)at.Kind;
        switch (at.Kind)
        {
            case SubtreeKind.Leaf:
                at.Key.CopyTo(bytes[1..]);
                at.Value.CopyTo(bytes[(1 + Digest.Length)..]);
                return bytes[(1 + (2 * Digest.Length))..];
            case SubtreeKind.Node:
                at.Hash.CopyTo(bytes[1..]);
                return bytes[(1 + Digest.Length)..];
            default:
                return bytes[1..];
        }
    }

    private static TreePlace Read(ref ReadOnlySpan<byte> record, int level, ref int nodes)
    {
        if (record is [NodeGroup.Inside, ..] && level < NodeGroup.Levels)
        {
            nodes++;
            record = record[1..];
            var left = Read(ref record, level + 1, ref nodes);
            return TreePlace.Join(left, Read(ref record, level + 1, ref nodes));
        }

        var length = TreeNode.LengthOfSide(record);
        var side = TreeNode.ReadSide(record[..length]);
        record = record[length..];
        return side.Kind == SubtreeKind.Node && level < NodeGroup.Levels ? throw NodeGroup.NoGroup() : TreePlace.Of(side);
    }
}
