using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>What stands at a place of the tree.</summary>
public enum SubtreeKind : byte
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>One leaf.</summary>
    Leaf,

    /// <summary>Two leaves or more.</summary>
    Node,
}

/// <summary>
/// What stands at a place of the tree, and its hash. A lone leaf has the same hash at every depth, so it needs no path of its own
/// down to the last bit of its key; its hash names the whole key.
/// </summary>
/// <param name="Kind">What stands there.</param>
/// <param name="Hash">Its hash; zero where there is nothing.</param>
public readonly record struct Subtree(SubtreeKind Kind, Digest Hash)
{
    /// <summary>Nothing.</summary>
    public static Subtree Empty => default;

    /// <summary>A leaf by its hash; nothing where that is zero.</summary>
    public static Subtree OfLeaf(Digest leaf) => leaf == Digest.Zero ? Empty : new(SubtreeKind.Leaf, leaf);

    /// <summary>
    /// What two subtrees make together: nothing of nothing, the leaf itself of a lone leaf, of anything else the node of both.
    /// </summary>
    public static Subtree Join(Subtree left, Subtree right) =>
        IsNode(left.Kind, right.Kind) ? new(SubtreeKind.Node, TreeHash.Node(left.Hash, right.Hash))
        : left.Kind == SubtreeKind.Empty ? right : left;

    /// <summary>Whether two subtrees make a node together.</summary>
    internal static bool IsNode(SubtreeKind left, SubtreeKind right) => (left, right) is not
        ((SubtreeKind.Empty, not SubtreeKind.Node) or (SubtreeKind.Leaf, SubtreeKind.Empty));

    /// <summary>The same with the side of <paramref name="child"/> told by a bit of its path.</summary>
    internal static Subtree Join(bool right, Subtree child, Subtree sibling) => right ? Join(sibling, child) : Join(child, sibling);
}
