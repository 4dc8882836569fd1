using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>
/// Many leaves of one tree at once: each node on their paths is read and hashed once. Leaves that stand near each other share nearly
/// all of their paths.
/// </summary>
/// <param name="nodes">The stored nodes.</param>
/// <param name="leaves">Keys and values, in ascending order of the keys, none twice; at least one.</param>
internal sealed class TreeBatch(ITreeNodes nodes, IReadOnlyList<(Digest Key, Digest Value)> leaves)
{
    private readonly List<(TreePosition Position, TreeNode Node)> _changed = [];
    private readonly List<(Digest Key, Digest Value)> _replaced = [];

    /// <summary>The root that the tree has with the replaced values.</summary>
    public Digest Next { get; private set; }

    /// <summary>The leaves that were replaced, with the values that they had.</summary>
    public IReadOnlyList<(Digest Key, Digest Value)> Replaced => _replaced;

    /// <summary>Proves that these leaves stand in the tree with these values.</summary>
    /// <param name="root">The root that the tree has.</param>
    /// <returns>The encoding of a <see cref="BatchProof"/>.</returns>
    /// <exception cref="AlteredException">They do not, or the tree is not what its hashes say.</exception>
    public ReadOnlyMemory<byte> Prove(Digest root)
    {
        var proof = new BatchProofWriter();
        var node = Root(root);
        if (node.Left.Kind == SubtreeKind.Empty && node.Right.Kind == SubtreeKind.Leaf)
        {
            Prove(proof, node.Right, 0, leaves.Count, 0);
        }
        else if (node.Right.Kind == SubtreeKind.Empty && node.Left.Kind == SubtreeKind.Leaf)
        {
            Prove(proof, node.Left, 0, leaves.Count, 0);
        }
        else
        {
            Prove(proof, node, 0, leaves.Count, 0);
        }

        return proof.Written;
    }

    /// <summary>Puts these values in the place of those that stand there; nothing is written before <see cref="Flush"/>.</summary>
    /// <param name="root">The root that the tree has.</param>
    /// <returns>Whether each key has a leaf; only then the tree keeps its shape.</returns>
    /// <exception cref="AlteredException">The tree is not what its hashes say.</exception>
    public bool TryReplace(Digest root)
    {
        _changed.Clear();
        _replaced.Clear();
        var node = TryReplace(Root(root), TreePosition.Root, 0, leaves.Count, 0);
        Next = node?.Hash ?? default;
        return node is not null;
    }

    /// <summary>Writes the changed nodes.</summary>
    public void Flush()
    {
        foreach (var (position, node) in _changed)
        {
            nodes.Write(position, node);
        }

        _changed.Clear();
        nodes.Flush();
    }

    private static AlteredException Altered(string detail) => new(RefusalCode.TreeAltered, detail);

    private TreeNode Root(Digest root) => nodes.Read(TreePosition.Root) is { } node && node.Hash == root
        ? node
        : throw Altered("the customer's tree does not have the root of its head");

    private TreeNode Read(Digest key, int depth, TreeChild expected) =>
        nodes.Read(TreePosition.On(key, depth)) is { } node && node.Hash == expected.Subtree.Hash
            ? node
            : throw Altered("a node of the customer's tree is missing, or another than its parent says");

    private int Split(int start, int end, int depth)
    {
        while (start < end && !leaves[start].Key.Bit(depth))
        {
            start++;
        }

        return start;
    }

    private void Prove(BatchProofWriter proof, TreeNode node, int start, int end, int depth)
    {
        proof.Node();
        var split = Split(start, end, depth);
        Prove(proof, node.Left, start, split, depth + 1);
        Prove(proof, node.Right, split, end, depth + 1);
    }

    private void Prove(BatchProofWriter proof, TreeChild child, int start, int end, int depth)
    {
        if (start == end)
        {
            proof.Beside(child.Subtree);
        }
        else if (child.Kind == SubtreeKind.Node)
        {
            Prove(proof, Read(leaves[start].Key, depth, child), start, end, depth);
        }
        else if (end - start == 1 && child.Key == leaves[start].Key && child.Value == leaves[start].Value)
        {
            proof.Leaf();
        }
        else
        {
            throw new AlteredException(RefusalCode.EntryAltered, "a row and its leaf do not agree");
        }
    }

    private TreeNode? TryReplace(TreeNode node, TreePosition position, int start, int end, int depth)
    {
        var split = Split(start, end, depth);
        if (TryReplace(node.Left, start, split, depth + 1) is not { } left ||
            TryReplace(node.Right, split, end, depth + 1) is not { } right)
        {
            return null;
        }

        var next = new TreeNode(left, right);
        _changed.Add((position, next));
        return next;
    }

    private TreeChild? TryReplace(TreeChild child, int start, int end, int depth)
    {
        if (start == end)
        {
            return child;
        }

        if (child.Kind == SubtreeKind.Node)
        {
            var next = TryReplace(Read(leaves[start].Key, depth, child), TreePosition.On(leaves[start].Key, depth), start, end, depth);
            return next is null ? null : TreeChild.Node(next.Hash);
        }

        var (key, value) = leaves[start];
        if (end - start != 1 || child.Key != key || value == Digest.Zero)
        {
            return null;
        }

        _replaced.Add((key, child.Value));
        return TreeChild.Leaf(key, value);
    }
}
