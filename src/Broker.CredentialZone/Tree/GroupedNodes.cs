using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>A table of groups of nodes.</summary>
internal interface INodeGroups
{
    /// <summary>Reads a record, or null.</summary>
    byte[]? Read(TreePosition position);

    /// <summary>Writes a record, or removes it when it is empty.</summary>
    void Write(TreePosition position, ReadOnlySpan<byte> record);
}

/// <summary>Nodes that are stored in groups. A group is read once, and written once at each <see cref="Flush"/>.</summary>
/// <param name="customer">Whose tree it is.</param>
/// <param name="groups">The table.</param>
internal sealed class GroupedNodes(Name customer, INodeGroups groups) : ITreeNodes
{
    // Whoever walks a whole tree does not keep it.
    private const int MaxKnown = 16_384;

    private readonly Dictionary<TreePosition, NodeGroup> _changed = [];
    private readonly Dictionary<TreePosition, NodeGroup> _known = [];

    /// <inheritdoc/>
    public TreeNode? Read(TreePosition position) => Group(NodeGroup.Of(position)).Read(position);

    /// <inheritdoc/>
    public void Write(TreePosition position, TreeNode? node)
    {
        var at = NodeGroup.Of(position);
        var group = Group(at);
        group.Write(position, node);
        _changed[at] = group;
    }

    /// <inheritdoc/>
    public void Flush()
    {
        foreach (var (position, group) in _changed)
        {
            groups.Write(position, group.ToBytes());
        }

        _changed.Clear();
    }

    /// <inheritdoc/>
    public (TreePlace Top, int Nodes)? ReadGroup(TreePosition position)
    {
        if (groups.Read(position) is not { } record)
        {
            return null;
        }

        try
        {
            return GroupRecord.Read(record, isRoot: position.Depth == 0);
        }
        catch (MalformedException malformed)
        {
            throw Altered(malformed);
        }
    }

    /// <inheritdoc/>
    public void WriteGroup(TreePosition position, TreePlace top)
    {
        Span<byte> record = stackalloc byte[GroupRecord.MaxLength];
        groups.Write(position, record[..(top.Kind == SubtreeKind.Empty ? 0 : GroupRecord.Write(top, record))]);
    }

    private NodeGroup Group(TreePosition position)
    {
        if (_known.TryGetValue(position, out var known) || _changed.TryGetValue(position, out known))
        {
            return known;
        }

        if (_known.Count >= MaxKnown)
        {
            _known.Clear();
        }

        var record = groups.Read(position);
        return _known[position] = record is null ? new NodeGroup() : Parse(record);
    }

    private NodeGroup Parse(byte[] record)
    {
        try
        {
            return NodeGroup.Parse(record);
        }
        catch (MalformedException malformed)
        {
            throw Altered(malformed);
        }
    }

    private AlteredException Altered(MalformedException malformed) =>
        new(RefusalCode.TreeAltered, malformed.Message) { Customer = customer };
}
