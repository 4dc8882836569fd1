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
/// The sparse Merkle tree of one customer over its stored nodes. A subtree with a single leaf is one record in its parent, so
/// reading or changing a leaf among n touches about log2 n nodes. Changes gather in memory until <see cref="Flush"/>.
/// </summary>
internal sealed class SparseTree(ITreeNodes nodes)
{
    private static readonly bool[] Sides = [false, true];

    private readonly Dictionary<TreePosition, TreeNode?> _changed = [];

    /// <summary>The root after the changes so far; zero when the tree is empty.</summary>
    public Digest Root => Read(TreePosition.Root)?.Hash ?? Digest.Zero;

    /// <summary>Sets the leaf of a key; zero removes it.</summary>
    public void Update(Digest key, Digest leaf)
    {
        // The root is stored even when less than two leaves are below it, so it has no parent to be folded into.
        var root = Read(TreePosition.Root) ?? TreeNode.Nothing;
        var side = key.Bit(0);
        root = root.With(side, Apply(root.Side(side), 1, key, leaf));
        _changed[TreePosition.Root] = root == TreeNode.Nothing ? null : root;
    }

    /// <summary>The leaf of a key, or zero, and the proof of it or of its absence.</summary>
    public (Digest Leaf, TreeProof Proof) Prove(Digest key)
    {
        var siblings = new List<Digest>();
        Span<byte> present = stackalloc byte[Digest.Length];
        present.Clear();
        var leaf = Digest.Zero;
        var node = Read(TreePosition.Root);
        for (var depth = 0; node is not null; depth++)
        {
            Add(siblings, present, depth, node.Side(!key.Bit(depth)).Hash);
            var child = node.Side(key.Bit(depth));
            node = null;
            if (child.Kind == TreeChildKind.Node)
            {
                node = ReadChild(TreePosition.On(key, depth + 1), child);
            }
            else if (child.Kind == TreeChildKind.Leaf && child.Key == key)
            {
                leaf = child.Leaf;
            }
            else if (child.Kind == TreeChildKind.Leaf)
            {
                var fork = Fork(key, child.Key, depth + 1);
                Add(siblings, present, fork, Fold(child.Key, child.Leaf, fork + 1));
            }
        }

        siblings.Reverse();
        return (leaf, new TreeProof(new Digest(present), siblings));
    }

    /// <summary>Walks the whole tree.</summary>
    /// <returns>How many leaves it has.</returns>
    /// <exception cref="AlteredException">A hash is not that of what stands below it.</exception>
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
                if (child.Kind == TreeChildKind.Node)
                {
                    open.Push((ReadChild(below, child), below));
                }
                else if (child.Kind == TreeChildKind.Leaf)
                {
                    leaves++;
                    if (TreePosition.On(child.Key, below.Depth) != below || Fold(child.Key, child.Leaf, below.Depth) != child.Hash)
                    {
                        throw new AlteredException(RefusalCode.TreeAltered, "a leaf of the customer's tree is not the one of its hash");
                    }
                }
                else if (child != TreeChild.Empty)
                {
                    throw new AlteredException(RefusalCode.TreeAltered, "an empty side of the customer's tree has a hash");
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

    private static void Add(List<Digest> siblings, Span<byte> present, int depth, Digest sibling)
    {
        if (sibling != Digest.Zero)
        {
            siblings.Add(sibling);
            present[depth >> 3] |= (byte)(0x80 >> (depth & 7));
        }
    }

    private static TreeChild LeafAt(Digest key, Digest leaf, int depth) =>
        new(TreeChildKind.Leaf, Fold(key, leaf, depth), key, leaf);

    private static Digest Fold(Digest key, Digest leaf, int depth)
    {
        var node = leaf;
        for (var level = TreeHash.Depth - 1; level >= depth; level--)
        {
            node = TreeHash.Parent(key.Bit(level), node, Digest.Zero);
        }

        return node;
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
    private TreeNode ReadChild(TreePosition position, TreeChild expected) => Read(position) is { } node && node.Hash == expected.Hash
        ? node
        : throw new AlteredException(RefusalCode.TreeAltered, "a node of the customer's tree is missing, or another than its parent says");

    private TreeChild Apply(TreeChild at, int depth, Digest key, Digest leaf)
    {
        if (at.Kind == TreeChildKind.Node)
        {
            return ApplyBelow(at, depth, key, leaf);
        }

        if (leaf == Digest.Zero)
        {
            return at.Kind == TreeChildKind.Leaf && at.Key == key ? TreeChild.Empty : at;
        }

        return at.Kind == TreeChildKind.Empty || at.Key == key ? LeafAt(key, leaf, depth) : Split(at, depth, key, leaf);
    }

    private TreeChild ApplyBelow(TreeChild at, int depth, Digest key, Digest leaf)
    {
        var position = TreePosition.On(key, depth);
        var node = ReadChild(position, at);
        var side = key.Bit(depth);
        var child = Apply(node.Side(side), depth + 1, key, leaf);
        if (child == node.Side(side))
        {
            return at;
        }

        var (other, changed) = (node.Side(!side), node.With(side, child));
        if (child.Kind == TreeChildKind.Empty && other.Kind == TreeChildKind.Leaf)
        {
            return Collapse(position, other, !side);
        }

        if (other.Kind == TreeChildKind.Empty && child.Kind == TreeChildKind.Leaf)
        {
            return Collapse(position, child, side);
        }

        _changed[position] = changed;
        return new TreeChild(TreeChildKind.Node, changed.Hash, default, default);
    }

    private TreeChild Collapse(TreePosition position, TreeChild only, bool side)
    {
        _changed[position] = null;
        return only with { Hash = TreeHash.Parent(side, only.Hash, Digest.Zero) };
    }

    private TreeChild Split(TreeChild at, int depth, Digest key, Digest leaf)
    {
        var side = key.Bit(depth);
        var node = side == at.Key.Bit(depth)
            ? TreeNode.Nothing.With(side, Split(at, depth + 1, key, leaf))
            : TreeNode.Nothing.With(side, LeafAt(key, leaf, depth + 1)).With(!side, LeafAt(at.Key, at.Leaf, depth + 1));
        _changed[TreePosition.On(key, depth)] = node;
        return new TreeChild(TreeChildKind.Node, node.Hash, default, default);
    }
}
