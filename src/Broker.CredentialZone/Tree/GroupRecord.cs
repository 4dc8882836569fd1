using System.Buffers;
using Broker.Protocol.Encoding;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>The record of a <see cref="NodeGroup"/>, read into a tree in memory and written from it.</summary>
internal static class GroupRecord
{
    /// <summary>Whether a group begins at a depth.</summary>
    public static bool BeginsAt(int depth) => depth % NodeGroup.Levels == 0;

    /// <summary>Writes the record of the group that begins at a place.</summary>
    /// <param name="bytes">Written to.</param>
    /// <param name="top">A node whose group is in memory; at the root of the tree a lone leaf as well.</param>
    public static void Write(ArrayBufferWriter<byte> bytes, TreePlace top)
    {
        if (top.Kind == SubtreeKind.Leaf)
        {
            // Of the root both sides are told, whatever they are.
            bytes.Write([NodeGroup.Inside]);
            Write(bytes, top.Key.Bit(0) ? TreePlace.Empty : top, 1);
            Write(bytes, top.Key.Bit(0) ? top : TreePlace.Empty, 1);
        }
        else
        {
            Write(bytes, top, 0);
        }
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

        return !isRoot || (left.Kind != SubtreeKind.Empty && right.Kind != SubtreeKind.Empty) ||
            left.Kind == SubtreeKind.Node || right.Kind == SubtreeKind.Node
            ? (TreePlace.Join(left, right), nodes)
            : (left.Kind == SubtreeKind.Empty ? right : left, nodes);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, TreePlace at, int level)
    {
        if (at.Kind == SubtreeKind.Node && level < NodeGroup.Levels)
        {
            bytes.Write([NodeGroup.Inside]);
            Write(bytes, at.Left!, level + 1);
            Write(bytes, at.Right!, level + 1);
            return;
        }

        var side = bytes.GetSpan(TreeNode.LongestSide);
        bytes.Advance(TreeNode.WriteSide(at.Child, side));
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
