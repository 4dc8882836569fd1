using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>
/// Nodes of the tree that was rotated last, so that those a batch was proven by are not read again when it comes back. They hold for
/// one root; whoever takes back what was written clears them.
/// </summary>
/// <param name="max">How many are remembered; beyond it all are forgotten.</param>
internal sealed class CachedNodes(int max)
{
    private readonly Dictionary<TreePosition, TreeNode> _nodes = [];
    private Name? _customer;
    private Digest _root;

    /// <summary>The nodes of a customer's tree, those that are known without reading them.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="root">The root that its tree has now; known nodes of another are forgotten.</param>
    /// <param name="nodes">The stored ones.</param>
    public ITreeNodes Of(Name customer, Digest root, ITreeNodes nodes)
    {
        if (_customer != customer || _root != root)
        {
            Clear();
            (_customer, _root) = (customer, root);
        }

        return new Through(this, nodes);
    }

    /// <summary>What was written through the nodes led to this root.</summary>
    public void Moved(Digest root) => _root = root;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _nodes.Clear();
        (_customer, _root) = (null, default);
    }

    private void Keep(TreePosition position, TreeNode node)
    {
        if (_nodes.Count >= max)
        {
            _nodes.Clear();
        }

        _nodes[position] = node;
    }

    private sealed class Through(CachedNodes cache, ITreeNodes nodes) : ITreeNodes
    {
        public TreeNode? Read(TreePosition position)
        {
            if (cache._nodes.TryGetValue(position, out var known))
            {
                return known;
            }

            var node = nodes.Read(position);
            if (node is not null)
            {
                cache.Keep(position, node);
            }

            return node;
        }

        public void Write(TreePosition position, TreeNode? node)
        {
            if (node is null)
            {
                cache._nodes.Remove(position);
            }
            else
            {
                cache.Keep(position, node);
            }

            nodes.Write(position, node);
        }

        public void Flush() => nodes.Flush();

        public (TreePlace Top, int Nodes)? ReadGroup(TreePosition position) => nodes.ReadGroup(position);

        public void WriteGroup(TreePosition position, TreePlace top) => nodes.WriteGroup(position, top);
    }
}
