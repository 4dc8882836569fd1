using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// What a signer knows of a tree from proofs against its root: enough to compute the root after the proven keys change. The zone keeps
/// the whole tree; the signer needs only this. What the paths of the keys share is sent, read and hashed once.
/// </summary>
/// <remarks>
/// A proof lists the tree from the root in the order node, left, right: 3 for a node whose sides follow, 2 for nothing, 1 and its hash
/// for a node of which no more is told, 0 with key and value for a leaf. A leaf is always told by what it is made of, so that it can move
/// when what stands beside it goes, and it is refused where its key does not lead.
/// </remarks>
public sealed class PartialTree : OpenedTree
{
    /// <summary>Nothing stands here.</summary>
    internal const byte Nothing = 2;

    /// <summary>A node whose sides follow.</summary>
    internal const byte Inside = 3;

    private readonly Digest _trusted;
    private bool _isChanged;

    /// <summary>Begins with a root that the signer holds for true.</summary>
    public PartialTree(Digest root)
    {
        _trusted = root;
        Top = root == Digest.Zero ? TreePlace.Empty : TreePlace.Of(TreeChild.Node(root));
    }

    /// <summary>Adds a proof of many keys against the root of the beginning.</summary>
    /// <returns>False when the proof does not lead to the root, or is none; then nothing was added.</returns>
    /// <exception cref="InvalidOperationException">A leaf was changed before.</exception>
    public bool TryAdd(ReadOnlySpan<byte> proof)
    {
        try
        {
            Add(Read(proof));
            return true;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    /// <summary>Adds a proof of one key against the root of the beginning.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its leaf now; zero when it is absent.</param>
    /// <param name="proof">The proof.</param>
    /// <returns>False when the proof does not lead to the root, or is none; then nothing was added.</returns>
    /// <exception cref="InvalidOperationException">A leaf was changed before.</exception>
    public bool TryAdd(Digest key, Digest leaf, TreeProof proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (!proof.LeadsTo(_trusted, key, leaf))
        {
            return false;
        }

        var at = Place(key, leaf);
        for (var depth = proof.Present.LastBit(); depth >= 0; depth--)
        {
            var sibling = proof.Beside(depth);
            var (beside, right) = (TreePlace.Of(sibling), key.Bit(depth));
            if (Subtree.IsNode(at.Kind, beside.Kind))
            {
                at = right ? TreePlace.Join(beside, at) : TreePlace.Join(at, beside);
            }
            else if (beside.Kind == SubtreeKind.Leaf)
            {
                at = beside;
            }
        }

        Add(at);
        return true;
    }

    /// <summary>The leaf of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its hash; zero where the key is proven to be absent.</param>
    /// <returns>False where nothing was proven of that key.</returns>
    public bool TryFind(Digest key, out Digest leaf)
    {
        var at = Top;
        for (var depth = 0; at.Kind == SubtreeKind.Node && at.Left is not null; depth++)
        {
            at = at.Side(key.Bit(depth));
        }

        leaf = at.Kind == SubtreeKind.Leaf && at.Key == key ? at.Hash : Digest.Zero;
        return at.Kind != SubtreeKind.Node;
    }

    /// <summary>Replaces the leaf of a key that is proven to be there or not; zero removes it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">The hash of its leaf.</param>
    /// <exception cref="KeyNotFoundException">Nothing was proven of that key.</exception>
    public void Update(Digest key, Digest leaf)
    {
        Set(key, Leaf(key, leaf));
        _isChanged = true;
    }

    /// <inheritdoc/>
    protected override void Open(TreePlace node, Digest key, int depth) =>
        throw new KeyNotFoundException("nothing was proven of that key");

    // A signer has no use for the value of a leaf, once its hash was followed.
    private static TreeChild Leaf(Digest key, Digest leaf) =>
        leaf == Digest.Zero ? TreeChild.Empty : new TreeChild(Subtree.OfLeaf(leaf), key, default);

    private static TreePlace Place(Digest key, Digest leaf) => TreePlace.Of(Leaf(key, leaf));

    private void Add(TreePlace top)
    {
        if (_isChanged)
        {
            throw new InvalidOperationException("proofs are added before the tree is changed");
        }

        Top = Join(Top, top);
    }

    // Both have the same hash; one may know more than the other.
    private static TreePlace Join(TreePlace at, TreePlace other)
    {
        if (other.Kind != SubtreeKind.Node || other.Left is null)
        {
            return at.Kind == SubtreeKind.Node && at.Left is null ? other : at;
        }

        if (at.Left is null)
        {
            return at.Kind == SubtreeKind.Node ? other : at;
        }

        at.Open(Join(at.Left, other.Left), Join(at.Right!, other.Right!));
        return at;
    }

    private TreePlace Read(ReadOnlySpan<byte> proof)
    {
        Span<byte> path = stackalloc byte[Digest.Length];
        path.Clear();
        var top = Read(ref proof, path, 0);
        return !proof.IsEmpty ? throw new MalformedException("proof goes on behind its end")
            : top.Hash != _trusted ? throw new MalformedException("proof does not lead to the root")
            : top;
    }

    private static TreePlace Read(ref ReadOnlySpan<byte> proof, scoped Span<byte> path, int depth)
    {
        switch (proof)
        {
            case [Nothing, ..]:
                proof = proof[1..];
                return TreePlace.Empty;
            case [Inside, ..] when depth < TreeHash.Depth:
                proof = proof[1..];
                var bit = (byte)(0x80 >> (depth & 7));
                var left = Read(ref proof, path, depth + 1);
                path[depth >> 3] |= bit;
                var right = Read(ref proof, path, depth + 1);
                path[depth >> 3] ^= bit;
                return TreePlace.Join(left, right);
            default:
                var child = TreeChild.Read(ref proof);
                return child.Kind == SubtreeKind.Leaf && TreePath.Prefix(child.Key, depth) != new Digest(path)
                    ? throw new MalformedException("a leaf of the proof is not where its key leads")
                    : TreePlace.Of(child);
        }
    }
}
