using System.Buffers;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>
/// Nodes that are stored as one record: one at a depth that <see cref="Levels"/> divides, and those below it down to the next such
/// depth. A change of a leaf so writes a quarter of the records, and as much less of the pages that they lie on.
/// </summary>
/// <remarks>
/// The record lists the nodes from the uppermost in the order node, left, right: 3 for a node of the group, whose sides follow, 0 for
/// nothing, 1 with key and value of a leaf, 2 and the hash of a node of the group below. Hashes of its own nodes follow from these, so
/// that a full group stays below the quarter of a page beyond which SQLite would give it pages of its own.
/// </remarks>
internal sealed class NodeGroup
{
    /// <summary>Levels of a group.</summary>
    public const int Levels = 4;

    /// <summary>Told of a node whose sides follow.</summary>
    public const byte Inside = 3;

    private const int Places = 1 << Levels;

    private readonly ReadOnlyMemory<byte>[] _nodes = new ReadOnlyMemory<byte>[Places];

    /// <summary>Where the group of a position is.</summary>
    public static TreePosition Of(TreePosition position) =>
        position.Depth % Levels == 0 ? position : TreePosition.On(position.Prefix, position.Depth - (position.Depth % Levels));

    /// <summary>The node at a position of this group, or null.</summary>
    public TreeNode? Read(TreePosition position)
    {
        var node = _nodes[Place(position)];
        return node.IsEmpty ? null : TreeNode.Parse(node.Span);
    }

    /// <summary>Puts a node at a position of this group, or none.</summary>
    public void Write(TreePosition position, TreeNode? node) =>
        _nodes[Place(position)] = node is null ? default : node.ToBytes();

    /// <summary>The record; empty where there is no node.</summary>
    public byte[] ToBytes()
    {
        if (_nodes[1].IsEmpty)
        {
            return [];
        }

        var bytes = new ArrayBufferWriter<byte>(1024);
        Write(bytes, 1);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="MalformedException">It is none.</exception>
    public static NodeGroup Parse(ReadOnlySpan<byte> record)
    {
        var group = new NodeGroup();
        if (record is not [Inside, ..])
        {
            throw NoGroup();
        }

        group.Read(ref record, 1);
        return record.IsEmpty ? group : throw NoGroup();
    }

    /// <summary>Of a record that is none.</summary>
    public static MalformedException NoGroup() => new("a group of nodes is not one");

    // A node of the group below has no place here.
    private void Write(ArrayBufferWriter<byte> bytes, int place)
    {
        bytes.Write([Inside]);
        var node = _nodes[place].Span;
        var left = TreeNode.LengthOfSide(node);
        Write(bytes, 2 * place, node[..left]);
        Write(bytes, (2 * place) + 1, node[left..]);
    }

    private void Write(ArrayBufferWriter<byte> bytes, int place, ReadOnlySpan<byte> side)
    {
        if (side[0] == (byte)SubtreeKind.Node && place < Places && !_nodes[place].IsEmpty)
        {
            Write(bytes, place);
        }
        else
        {
            bytes.Write(side);
        }
    }

    private Digest Read(ref ReadOnlySpan<byte> record, int place)
    {
        record = record[1..];
        var node = new TreeNode(Side(ref record, 2 * place), Side(ref record, (2 * place) + 1));
        _nodes[place] = node.ToBytes();
        return node.Hash;
    }

    private TreeChild Side(ref ReadOnlySpan<byte> record, int place)
    {
        if (record is [Inside, ..])
        {
            return place < Places ? TreeChild.Node(Read(ref record, place)) : throw NoGroup();
        }

        var length = TreeNode.LengthOfSide(record);
        var side = TreeNode.ReadSide(record[..length]);
        record = record[length..];
        return side;
    }

    private static int Place(TreePosition position)
    {
        var place = 1;
        for (var depth = position.Depth - (position.Depth % Levels); depth < position.Depth; depth++)
        {
            place = (2 * place) + (position.Prefix.Bit(depth) ? 1 : 0);
        }

        return place;
    }
}
