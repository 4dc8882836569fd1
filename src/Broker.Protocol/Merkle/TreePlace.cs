using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>A place of a tree in memory. Of a node it may not be known what is below it.</summary>
public class TreePlace
{
    /// <summary>Nothing stands here.</summary>
    public static readonly TreePlace Empty = new(default(Subtree));

    private Digest _hash;

    private TreePlace(Subtree subtree) => (Kind, _hash) = (subtree.Kind, subtree.Hash);

    /// <summary>A node whose hash is computed when it is asked for.</summary>
    internal TreePlace(TreePlace left, TreePlace right)
        : this(new Subtree(SubtreeKind.Node, default)) => (Left, Right, IsStale, IsChanged) = (left, right, true, true);

    /// <summary>What stands here.</summary>
    public SubtreeKind Kind { get; }

    /// <summary>What stands at bit 0; null where it is not known, and at a leaf.</summary>
    public TreePlace? Left { get; private set; }

    /// <summary>What stands at bit 1; null where it is not known, and at a leaf.</summary>
    public TreePlace? Right { get; private set; }

    /// <summary>Whether it is a node that is another than it was at the beginning, or after <see cref="Keep"/>.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Of a leaf, its key.</summary>
    public virtual Digest Key => default;

    /// <summary>Of a leaf, SHA-256 of the entry's encoding, where that is known.</summary>
    public virtual Digest Value => default;

    /// <summary>Its hash; zero where nothing stands.</summary>
    public Digest Hash
    {
        get
        {
            if (IsStale)
            {
                _hash = TreeHash.Node(Left!.Hash, Right!.Hash);
                IsStale = false;
            }

            return _hash;
        }
    }

    /// <summary>What stands here, with its hash.</summary>
    public TreeChild Child => new(Subtree, Key, Value);

    /// <summary>Kind and hash.</summary>
    internal Subtree Subtree => new(Kind, Hash);

    private bool IsStale { get; set; }

    /// <summary>A place below which nothing is known.</summary>
    public static TreePlace Of(TreeChild child) => child.Kind switch
    {
        SubtreeKind.Empty => Empty,
        SubtreeKind.Leaf => new Leaf(child),
        _ => new TreePlace(child.Subtree),
    };

    /// <summary>A node of which both sides are known.</summary>
    /// <exception cref="MalformedException">Less than two leaves are there.</exception>
    public static TreePlace Join(TreePlace left, TreePlace right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        var joined = Subtree.Join(left.Subtree, right.Subtree);
        return joined.Kind == SubtreeKind.Node
            ? new TreePlace(joined) { Left = left, Right = right }
            : throw new MalformedException("a node stands where less than two leaves are");
    }

    /// <summary>One side.</summary>
    public TreePlace Side(bool right) => right ? Right! : Left!;

    /// <summary>What is below becomes known; it has the hash that stands here.</summary>
    public void Open(TreePlace left, TreePlace right) => (Left, Right) = (left, right);

    /// <summary>What is below is not kept in memory any more; whatever changed there is stored.</summary>
    public void Close()
    {
        _ = Hash;
        (Left, Right) = (null, null);
    }

    /// <summary>What it is now it was from the beginning.</summary>
    public void Keep() => IsChanged = false;

    /// <summary>Puts something else on its sides, or on one of them.</summary>
    internal void Set(TreePlace left, TreePlace right) =>
        (Left, Right, IsStale, IsChanged) = (left, right, true, true);

    // Apart, since the nodes are as many and need no room for it.
    private sealed class Leaf(TreeChild child) : TreePlace(child.Subtree)
    {
        public override Digest Key { get; } = child.Key;

        public override Digest Value { get; } = child.Value;
    }
}
