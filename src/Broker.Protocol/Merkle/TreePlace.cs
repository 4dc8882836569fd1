using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>A place of a tree in memory. Of a node it may not be known what is below it.</summary>
internal sealed class TreePlace
{
    /// <summary>Nothing stands here.</summary>
    public static readonly TreePlace Empty = new(TreeChild.Empty);

    private TreeChild _child;

    /// <summary>A place below which nothing is known.</summary>
    public TreePlace(TreeChild child) => _child = child;

    /// <summary>A node whose hash is computed when it is asked for.</summary>
    public TreePlace(TreePlace left, TreePlace right)
        : this(TreeChild.Node(default)) => (Left, Right, IsStale, IsChanged) = (left, right, true, true);

    /// <summary>What stands at bit 0; null where it is not known, and at a leaf.</summary>
    public TreePlace? Left { get; private set; }

    /// <summary>What stands at bit 1; null where it is not known, and at a leaf.</summary>
    public TreePlace? Right { get; private set; }

    /// <summary>Whether it is another than it was at the beginning, or after <see cref="Keep"/>.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>What stands here.</summary>
    public SubtreeKind Kind => _child.Subtree.Kind;

    /// <summary>Of a leaf, its key.</summary>
    public Digest Key => _child.Key;

    /// <summary>What stands here, with its hash.</summary>
    public ref readonly TreeChild Child
    {
        get
        {
            if (IsStale)
            {
                _child = TreeChild.Node(TreeHash.Node(Left!.Child.Subtree.Hash, Right!.Child.Subtree.Hash));
                IsStale = false;
            }

            return ref _child;
        }
    }

    private bool IsStale { get; set; }

    /// <summary>One side.</summary>
    public TreePlace Side(bool right) => right ? Right! : Left!;

    /// <summary>What is below becomes known; it has the hash that stands here.</summary>
    public void Open(TreePlace left, TreePlace right) => (Left, Right) = (left, right);

    /// <summary>Puts something else on one side.</summary>
    public void Set(bool right, TreePlace place)
    {
        (Left, Right) = right ? (Left, place) : (place, Right);
        (IsStale, IsChanged) = (true, true);
    }

    /// <summary>What it is now it was from the beginning.</summary>
    public void Keep() => IsChanged = false;
}
