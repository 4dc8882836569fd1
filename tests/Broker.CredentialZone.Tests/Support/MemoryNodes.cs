using Broker.CredentialZone.Tree;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>Tree nodes in memory.</summary>
internal sealed class MemoryNodes : ITreeNodes
{
    private readonly Dictionary<TreePosition, TreeNode> _nodes = [];

    public int Count => _nodes.Count;

    public int Reads { get; private set; }

    public TreeNode? Read(TreePosition position)
    {
        Reads++;
        return _nodes.GetValueOrDefault(position);
    }

    public void Write(TreePosition position, TreeNode? node)
    {
        if (node is null)
        {
            _nodes.Remove(position);
        }
        else
        {
            _nodes[position] = node;
        }
    }
}
