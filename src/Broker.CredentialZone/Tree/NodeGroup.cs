using Broker.Protocol.Encoding;

namespace Broker.CredentialZone.Tree;

/// <summary>
/// Nodes that are stored as one record: one at a depth that <see cref="Levels"/> divides, and those below it down to the next such
/// depth. A change of a leaf so writes a quarter of the records, and as much less of the pages that they lie on.
/// </summary>
/// <remarks>
/// The record is, of each node in ascending order of its place, the place and both sides: 0 for nothing, 1 with key and value of a
/// leaf, 2 and the hash of a node. The place of the uppermost is 1, and of those below the place p, 2p and 2p + 1.
/// </remarks>
internal sealed class NodeGroup
{
    /// <summary>Levels of a group.</summary>
    public const int Levels = 4;

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
        var length = 0;
        foreach (var node in _nodes)
        {
            length += node.IsEmpty ? 0 : 1 + node.Length;
        }

        var bytes = new byte[length];
        var rest = bytes.AsSpan();
        for (var place = 1; place < Places; place++)
        {
            if (_nodes[place] is { IsEmpty: false } node)
            {
                rest[0] = (byte)place;
                node.Span.CopyTo(rest[1..]);
                rest = rest[(1 + node.Length)..];
            }
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="MalformedException">It is none; of a node, its hashes are not looked at.</exception>
    public static NodeGroup Parse(ReadOnlyMemory<byte> record)
    {
        var group = new NodeGroup();
        for (var last = 0; !record.IsEmpty;)
        {
            var place = record.Span[0];
            var length = TreeNode.LengthOf(record.Span[1..]);
            if (place <= last || place >= Places || length > record.Length - 1)
            {
                throw new MalformedException("a group of nodes is not one");
            }

            group._nodes[place] = record.Slice(1, length);
            (last, record) = (place, record[(1 + length)..]);
        }

        return group;
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
