using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// A sparse Merkle tree of which a part is in memory. Changes are made there, and each node that they touch is hashed once, when the
/// root is asked for. Where the rest comes from, and whether there is any, is the subclass's.
/// </summary>
public abstract class OpenedTree
{
    /// <summary>The root after the changes so far; zero when the tree is empty.</summary>
    public Digest Root => Top.Hash;

    /// <summary>Nodes that are in memory, about.</summary>
    public int Opened { get; protected set; }

    /// <summary>What stands at the root.</summary>
    protected TreePlace Top { get; set; } = TreePlace.Empty;

    /// <summary>Puts a leaf in the place of a key, or nothing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">A leaf of that key, or nothing.</param>
    protected void Set(Digest key, TreeChild leaf) =>
        Top = Apply(Top, 0, TreePlace.Of(leaf), key);

    /// <summary>Puts leaves in the places of their keys: the paths that they share are gone once.</summary>
    /// <param name="leaves">Keys and values, in ascending order of the keys, none twice; zero for nothing.</param>
    protected void Set(IReadOnlyList<(Digest Key, Digest Value)> leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        Top = Apply(Top, 0, leaves, 0, leaves.Count);
    }

    /// <summary>Opens a node of which is not in memory what is below; its hash stays.</summary>
    /// <param name="node">The node.</param>
    /// <param name="key">A key below it.</param>
    /// <param name="depth">Where it stands on the path of that key.</param>
    protected abstract void Open(TreePlace node, Digest key, int depth);

    /// <summary>A node is no more; another may come to its place again.</summary>
    /// <param name="key">A key below it.</param>
    /// <param name="depth">Where it stood on the path of that key.</param>
    protected virtual void Gone(Digest key, int depth)
    {
    }

    /// <summary>The leaf of a key, or nothing.</summary>
    protected TreePlace Find(Digest key)
    {
        var at = Top;
        for (var depth = 0; at.Kind == SubtreeKind.Node; depth++)
        {
            at = Inside(at, key, depth).Side(key.Bit(depth));
        }

        return at.Kind == SubtreeKind.Leaf && at.Key == key ? at : TreePlace.Empty;
    }

    /// <summary>The leaf of a key, or nothing, and whatever stands beside its path: the depth of each, and what it is.</summary>
    protected TreeChild Follow(Digest key, Action<int, TreeChild> beside)
    {
        ArgumentNullException.ThrowIfNull(beside);
        var (at, depth) = (Top, 0);
        for (; at.Kind == SubtreeKind.Node; depth++)
        {
            Inside(at, key, depth);
            beside(depth, at.Side(!key.Bit(depth)).Child);
            at = at.Side(key.Bit(depth));
        }

        if (at.Kind == SubtreeKind.Leaf && at.Key != key)
        {
            while (at.Key.Bit(depth) == key.Bit(depth))
            {
                depth++;
            }

            beside(depth, at.Child);
            return TreeChild.Empty;
        }

        return at.Child;
    }

    /// <summary>Writes a <see cref="PartialTree"/>'s proof of keys, there or not.</summary>
    /// <param name="proof">Written to.</param>
    /// <param name="keys">In ascending order, none twice.</param>
    protected void Prove(PartialTreeWriter proof, IReadOnlyList<Digest> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        Prove(proof, Top, keys, 0, keys.Count, 0);
    }

    /// <summary>Writes a <see cref="BatchProof"/> of leaves.</summary>
    /// <param name="proof">Written to.</param>
    /// <param name="leaves">Keys and values, in ascending order of the keys, none twice; at least one.</param>
    /// <returns>Whether each stands there with its value; else nothing is proven.</returns>
    protected bool TryProve(BatchProofWriter proof, IReadOnlyList<(Digest Key, Digest Value)> leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        return TryProve(proof, Top, leaves, 0, leaves.Count, 0);
    }

    private void Prove(PartialTreeWriter proof, TreePlace at, IReadOnlyList<Digest> keys, int start, int end, int depth)
    {
        if (at.Kind != SubtreeKind.Node || start == end)
        {
            proof.Beside(at.Child);
            return;
        }

        proof.Node();
        Inside(at, keys[start], depth);
        var split = start;
        while (split < end && !keys[split].Bit(depth))
        {
            split++;
        }

        Prove(proof, at.Left!, keys, start, split, depth + 1);
        Prove(proof, at.Right!, keys, split, end, depth + 1);
    }

    private bool TryProve(
        BatchProofWriter proof, TreePlace at, IReadOnlyList<(Digest Key, Digest Value)> leaves, int start, int end, int depth)
    {
        if (start == end)
        {
            proof.Beside(at.Subtree);
            return true;
        }

        if (at.Kind != SubtreeKind.Node)
        {
            proof.Leaf();
            return end - start == 1 && at.Key == leaves[start].Key && at.Value == leaves[start].Value;
        }

        proof.Node();
        Inside(at, leaves[start].Key, depth);
        var split = start;
        while (split < end && !leaves[split].Key.Bit(depth))
        {
            split++;
        }

        return TryProve(proof, at.Left!, leaves, start, split, depth + 1) && TryProve(proof, at.Right!, leaves, split, end, depth + 1);
    }

    private TreePlace Inside(TreePlace node, Digest key, int depth)
    {
        if (node.Left is null)
        {
            Open(node, key, depth);
        }

        return node;
    }

    private TreePlace Apply(TreePlace at, int depth, IReadOnlyList<(Digest Key, Digest Value)> leaves, int start, int end)
    {
        if (at.Kind != SubtreeKind.Node || end - start < 2)
        {
            for (var i = start; i < end; i++)
            {
                var (key, value) = leaves[i];
                at = Apply(at, depth, TreePlace.Of(TreeChild.Leaf(key, value)), key);
            }

            return at;
        }

        Inside(at, leaves[start].Key, depth);
        var split = start;
        while (split < end && !leaves[split].Key.Bit(depth))
        {
            split++;
        }

        return With(
            at, Apply(at.Left!, depth + 1, leaves, start, split), Apply(at.Right!, depth + 1, leaves, split, end),
            leaves[start].Key, depth);
    }

    // leaf is what shall stand for the key: a leaf of it, or nothing.
    private TreePlace Apply(TreePlace at, int depth, TreePlace leaf, Digest key) => at.Kind switch
    {
        SubtreeKind.Node => ApplyBelow(Inside(at, key, depth), depth, leaf, key),
        SubtreeKind.Empty => leaf,
        _ when at.Key == key => leaf.Hash == at.Hash ? at : leaf,
        _ => leaf.Kind == SubtreeKind.Empty ? at : Split(at, depth, leaf),
    };

    private TreePlace ApplyBelow(TreePlace node, int depth, TreePlace leaf, Digest key)
    {
        var child = Apply(node.Side(key.Bit(depth)), depth + 1, leaf, key);
        return key.Bit(depth) ? With(node, node.Left!, child, key, depth) : With(node, child, node.Right!, key, depth);
    }

    private TreePlace With(TreePlace node, TreePlace left, TreePlace right, Digest key, int depth)
    {
        if (left.Kind != SubtreeKind.Node && right.Kind != SubtreeKind.Node &&
            (left.Kind == SubtreeKind.Empty || right.Kind == SubtreeKind.Empty))
        {
            // A lone leaf stands as high as it is alone.
            Opened--;
            Gone(key, depth);
            return left.Kind == SubtreeKind.Leaf ? left : right;
        }

        if (!ReferenceEquals(left, node.Left) || left.IsChanged || !ReferenceEquals(right, node.Right) || right.IsChanged)
        {
            node.Set(left, right);
        }

        return node;
    }

    private TreePlace Split(TreePlace at, int depth, TreePlace leaf)
    {
        Opened++;
        var side = leaf.Key.Bit(depth);
        var (mine, other) = side == at.Key.Bit(depth) ? (Split(at, depth + 1, leaf), TreePlace.Empty) : (leaf, at);
        return side ? new TreePlace(other, mine) : new TreePlace(mine, other);
    }
}
