using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// What a signer knows of a tree from proofs against its root: enough to compute the root after those keys change. The zone
/// keeps the whole tree; the signer needs only this.
/// </summary>
public sealed class PartialTree
{
    private readonly Dictionary<(int Depth, Digest Prefix), Digest> _nodes = [];

    /// <summary>Begins with a root that the signer holds for true.</summary>
    public PartialTree(Digest root) => Root = root;

    /// <summary>The root after the updates so far.</summary>
    public Digest Root { get; private set; }

    /// <summary>Adds a proof; all proofs must be added before the first update.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its leaf now; zero when it is absent.</param>
    /// <param name="proof">The proof that came from the zone.</param>
    /// <returns>False when the proof does not lead to the root, or is none; then nothing was added.</returns>
    public bool TryAdd(Digest key, Digest leaf, TreeProof proof)
    {
        if (!LeadsToRoot(key, leaf, proof))
        {
            return false;
        }

        var next = 0;
        for (var depth = TreeHash.Depth - 1; depth >= 0; depth--)
        {
            _nodes[(depth + 1, Sibling(key, depth))] = proof.Present.Bit(depth) ? proof.Siblings[next++] : Digest.Zero;
        }

        return true;
    }

    /// <summary>Replaces the leaf of a key whose proof was added; zero removes it.</summary>
    /// <exception cref="KeyNotFoundException">No proof of that key was added.</exception>
    public void Update(Digest key, Digest leaf)
    {
        var node = leaf;
        for (var depth = TreeHash.Depth - 1; depth >= 0; depth--)
        {
            _nodes[(depth + 1, TreePath.Prefix(key, depth + 1))] = node;
            node = TreeHash.Parent(key.Bit(depth), node, _nodes[(depth + 1, Sibling(key, depth))]);
        }

        Root = node;
    }

    private bool LeadsToRoot(Digest key, Digest leaf, TreeProof proof)
    {
        try
        {
            return proof.Root(key, leaf) == Root;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    private static Digest Sibling(Digest key, int depth) => TreePath.Flip(TreePath.Prefix(key, depth + 1), depth);
}
