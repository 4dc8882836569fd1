using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>Groups of tree nodes in memory; a node is stored when it is written.</summary>
internal sealed class MemoryNodes : ITreeNodes, INodeGroups
{
    private static readonly Name Owner = Name.Parse("memory");

    private readonly Dictionary<TreePosition, byte[]> _records = [];

    /// <summary>Nodes that are stored.</summary>
    public int Count => _records.Sum(static r => GroupRecord.Read(r.Value, isRoot: r.Key.Depth == 0).Nodes);

    /// <summary>Records that were read.</summary>
    public int Reads { get; private set; }

    public TreeNode? Read(TreePosition position) => Nodes().Read(position);

    public void Write(TreePosition position, TreeNode? node)
    {
        var nodes = Nodes();
        nodes.Write(position, node);
        nodes.Flush();
    }

    public (TreePlace Top, int Nodes)? ReadGroup(TreePosition position) => Nodes().ReadGroup(position);

    public void WriteGroup(TreePosition position, TreePlace top) => Nodes().WriteGroup(position, top);

    byte[]? INodeGroups.Read(TreePosition position)
    {
        Reads++;
        return _records.GetValueOrDefault(position);
    }

    void INodeGroups.Write(TreePosition position, ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty)
        {
            _records.Remove(position);
        }
        else
        {
            _records[position] = record.ToArray();
        }
    }

    private GroupedNodes Nodes() => new(Owner, this);
}
