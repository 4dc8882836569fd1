using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>The stored nodes of one customer's tree.</summary>
internal interface ITreeNodes
{
    /// <summary>Reads a node, or null.</summary>
    TreeNode? Read(TreePosition position);

    /// <summary>Writes a node, or removes it when it is null.</summary>
    void Write(TreePosition position, TreeNode? node);
}

/// <summary>
/// The sparse Merkle tree of one customer over its stored nodes. A single leaf is one record in its parent, so reading or changing a
/// leaf among n touches about log2 n nodes. Changes gather in memory until <see cref="Flush"/>.
/// </summary>
internal sealed class SparseTree(ITreeNodes nodes)
{
    private static readonly bool[] Sides = [false, true];

    private readonly Dictionary<TreePosition, TreeNode?> _changed = [];

    /// <summary>The root after the changes so far; zero when the tree is empty.</summary>
    public Digest Root => Read(TreePosition.Root)?.Hash ?? Digest.Zero;

    /// <summary>Sets the value of a key, SHA-256 of its entry's encoding; zero removes it.</summary>
    public void Update(Digest key, Digest value)
    {
        // The root is stored even when less than two leaves are below it, so it has no parent to be folded into.
        var root = Read(TreePosition.Root) ?? TreeNode.Nothing;
        var side = key.Bit(0);
        root = root.With(side, Apply(root.Side(side), 1, TreeChild.Leaf(key, value), key));
        _changed[TreePosition.Root] = root == TreeNode.Nothing ? null : root;
    }

    /// <summary>The value of a key, or zero, and the proof of it or of its absence.</summary>
    public (Digest Value, TreeProof Proof) Prove(Digest key)
    {
        var siblings = new List<TreeChild>();
        Span<byte> present = stackalloc byte[Digest.Length];
        present.Clear();
        var value = Digest.Zero;
        var node = Read(TreePosition.Root);
        for (var depth = 0; node is not null; depth++)
        {
            Add(siblings, present, depth, node.Side(!key.Bit(depth)));
            var child = node.Side(key.Bit(depth));
            node = null;
            if (child.Kind == SubtreeKind.Node)
            {
                node = ReadChild(TreePosition.On(key, depth + 1), child);
            }
            else if (child.Kind == SubtreeKind.Leaf && child.Key == key)
            {
                value = child.Value;
            }
            else if (child.Kind == SubtreeKind.Leaf)
            {
                Add(siblings, present, Fork(key, child.Key, depth + 1), child);
            }
        }

        siblings.Reverse();
        return (value, new TreeProof(new Digest(present), siblings));
    }

    /// <summary>Walks the whole tree.</summary>
    /// <returns>How many leaves it has.</returns>
    /// <exception cref="AlteredException">A hash is not that of what is below it, or a leaf stands where its key does not lead.</exception>
    public ulong CountVerified()
    {
        var leaves = 0ul;
        var open = new Stack<(TreeNode Node, TreePosition Position)>();
        if (Read(TreePosition.Root) is { } root)
        {
            open.Push((root, TreePosition.Root));
        }

        while (open.TryPop(out var at))
        {
            foreach (var right in Sides)
            {
                var (child, below) = (at.Node.Side(right), at.Position.Below(right));
                if (child.Kind == SubtreeKind.Node)
                {
                    open.Push((ReadChild(below, child), below));
                }
                else if (child.Kind == SubtreeKind.Leaf)
                {
                    leaves++;
                    if (TreePosition.On(child.Key, below.Depth) != below)
                    {
                        throw new AlteredException(RefusalCode.TreeAltered, "a leaf of the customer's tree is not where its key leads");
                    }
                }
            }
        }

        return leaves;
    }

    /// <summary>Writes the changed nodes.</summary>
    public void Flush()
    {
        foreach (var (position, node) in _changed)
        {
            nodes.Write(position, node);
        }

        _changed.Clear();
    }

    private static void Add(List<TreeChild> siblings, Span<byte> present, int depth, TreeChild child)
    {
        if (child.Kind != SubtreeKind.Empty)
        {
            siblings.Add(child);
            present[depth >> 3] |= (byte)(0x80 >> (depth & 7));
        }
    }

    private static int Fork(Digest a, Digest b, int depth)
    {
        while (a.Bit(depth) == b.Bit(depth))
        {
            depth++;
        }

        return depth;
    }

    private TreeNode? Read(TreePosition position) =>
        _changed.TryGetValue(position, out var node) ? node : nodes.Read(position);

    // The two change together; a difference means that somebody else wrote here.
    private TreeNode ReadChild(TreePosition position, TreeChild expected) =>
        Read(position) is { } node && node.Hash == expected.Subtree.Hash
        ? node
        : throw new AlteredException(RefusalCode.TreeAltered, "a node of the customer's tree is missing, or another than its parent says");

    // leaf is what shall stand for the key: a leaf of it, or nothing.
    private TreeChild Apply(TreeChild at, int depth, TreeChild leaf, Digest key) => at.Kind switch
    {
        SubtreeKind.Node => ApplyBelow(at, depth, leaf, key),
        SubtreeKind.Empty => leaf,
        _ when at.Key == key => leaf,
        _ => leaf.Kind == SubtreeKind.Empty ? at : Split(at, depth, leaf),
    };

    private TreeChild ApplyBelow(TreeChild at, int depth, TreeChild leaf, Digest key)
    {
        var position = TreePosition.On(key, depth);
        var node = ReadChild(position, at);
        var side = key.Bit(depth);
        var child = Apply(node.Side(side), depth + 1, leaf, key);
        if (child == node.Side(side))
        {
            return at;
        }

        var (other, changed) = (node.Side(!side), node.With(side, child));
        var joined = Subtree.Join(changed.Left.Subtree, changed.Right.Subtree);
        _changed[position] = joined.Kind == SubtreeKind.Node ? changed : null;
        return joined.Kind == SubtreeKind.Node ? TreeChild.Node(joined.Hash) : child.Kind == SubtreeKind.Leaf ? child : other;
    }

    private TreeChild Split(TreeChild at, int depth, TreeChild leaf)
    {
        var side = leaf.Key.Bit(depth);
        var node = side == at.Key.Bit(depth)
            ? TreeNode.Nothing.With(side, Split(at, depth + 1, leaf))
            : TreeNode.Nothing.With(side, leaf).With(!side, at);
        _changed[TreePosition.On(leaf.Key, depth)] = node;
        return TreeChild.Node(node.Hash);
    }
}
