using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// A sparse Merkle tree of which a part is in memory. Changes are made there, and each node that they touch is hashed once, when the
/// root is asked for. Where the rest comes from, and whether there is any, is the subclass's.
/// </summary>
public abstract class OpenedTree
{
    private TreePlace _top = TreePlace.Empty;

    /// <summary>The root after the changes so far; zero when the tree is empty.</summary>
    public Digest Root => _top.Child.Subtree.Hash;

    /// <summary>Nodes that are in memory, about.</summary>
    public int Opened { get; private set; }

    /// <summary>What stands at the root.</summary>
    internal TreePlace Top
    {
        get => _top;
        set => _top = value;
    }

    /// <summary>Puts a leaf in the place of a key, or nothing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">A leaf of that key, or nothing.</param>
    protected void Set(Digest key, TreeChild leaf) =>
        _top = Apply(_top, 0, leaf.Kind == SubtreeKind.Empty ? TreePlace.Empty : new TreePlace(leaf), key);

    /// <summary>Begins with a tree of these two sides.</summary>
    protected void Begin(TreeChild left, TreeChild right)
    {
        var joined = Subtree.Join(left.Subtree, right.Subtree);
        _top = joined.Kind == SubtreeKind.Node
            ? Below(new TreePlace(TreeChild.Node(joined.Hash)), left, right)
            : new TreePlace(left.Kind == SubtreeKind.Empty ? right : left);
    }

    /// <summary>What is below a node that is not in memory.</summary>
    /// <param name="key">A key below it.</param>
    /// <param name="depth">Where it stands on the path of that key.</param>
    /// <param name="hash">Its hash, which the answer has too.</param>
    protected abstract (TreeChild Left, TreeChild Right) Open(Digest key, int depth, Digest hash);

    /// <summary>A node is no more; another may come to its place again.</summary>
    /// <param name="key">A key below it.</param>
    /// <param name="depth">Where it stood on the path of that key.</param>
    protected virtual void Gone(Digest key, int depth)
    {
    }

    /// <summary>The two sides of the root.</summary>
    protected (TreeChild Left, TreeChild Right) Sides() => _top.Kind switch
    {
        SubtreeKind.Empty => default,
        SubtreeKind.Leaf => _top.Key.Bit(0) ? (TreeChild.Empty, _top.Child) : (_top.Child, TreeChild.Empty),
        _ => (Inside(_top, Digest.Zero, 0).Left!.Child, _top.Right!.Child),
    };

    /// <summary>Tells the nodes below the root that changed, each once, and forgets that they did.</summary>
    /// <param name="changed">Told its path, the bits beyond the depth zero, its depth, and both sides.</param>
    protected void Keep(Action<Digest, int, TreeChild, TreeChild> changed)
    {
        Span<byte> path = stackalloc byte[Digest.Length];
        path.Clear();
        Keep(_top, path, 0, changed);
    }

    /// <summary>The leaf of a key, or nothing, and whatever stands beside its path: the depth of each, and what it is.</summary>
    protected TreeChild Follow(Digest key, Action<int, TreeChild> beside)
    {
        ArgumentNullException.ThrowIfNull(beside);
        var (at, depth) = (_top, 0);
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
        Prove(proof, _top, keys, 0, keys.Count, 0);
    }

    private static void Keep(TreePlace at, Span<byte> path, int depth, Action<Digest, int, TreeChild, TreeChild> changed)
    {
        if (!at.IsChanged || at.Kind != SubtreeKind.Node)
        {
            return;
        }

        if (depth > 0)
        {
            changed(new Digest(path), depth, at.Left!.Child, at.Right!.Child);
        }

        at.Keep();
        var bit = (byte)(0x80 >> (depth & 7));
        Keep(at.Left!, path, depth + 1, changed);
        path[depth >> 3] |= bit;
        Keep(at.Right!, path, depth + 1, changed);
        path[depth >> 3] ^= bit;
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

    private TreePlace Inside(TreePlace node, Digest key, int depth)
    {
        if (node.Left is null)
        {
            var (left, right) = Open(key, depth, node.Child.Subtree.Hash);
            Below(node, left, right);
        }

        return node;
    }

    private TreePlace Below(TreePlace node, TreeChild left, TreeChild right)
    {
        node.Open(Place(left), Place(right));
        Opened++;
        return node;

        static TreePlace Place(TreeChild child) => child.Kind == SubtreeKind.Empty ? TreePlace.Empty : new TreePlace(child);
    }

    // leaf is what shall stand for the key: a leaf of it, or nothing.
    private TreePlace Apply(TreePlace at, int depth, TreePlace leaf, Digest key) => at.Kind switch
    {
        SubtreeKind.Node => ApplyBelow(Inside(at, key, depth), depth, leaf, key),
        SubtreeKind.Empty => leaf,
        _ when at.Key == key => leaf.Child == at.Child ? at : leaf,
        _ => leaf.Kind == SubtreeKind.Empty ? at : Split(at, depth, leaf),
    };

    private TreePlace ApplyBelow(TreePlace node, int depth, TreePlace leaf, Digest key)
    {
        var side = key.Bit(depth);
        var child = Apply(node.Side(side), depth + 1, leaf, key);
        var other = node.Side(!side);
        if (child.Kind != SubtreeKind.Node && other.Kind != SubtreeKind.Node &&
            (child.Kind == SubtreeKind.Empty || other.Kind == SubtreeKind.Empty))
        {
            // A lone leaf stands as high as it is alone.
            Opened--;
            Gone(key, depth);
            return child.Kind == SubtreeKind.Leaf ? child : other;
        }

        if (!ReferenceEquals(child, node.Side(side)) || child.IsChanged)
        {
            node.Set(side, child);
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
