using System.Runtime.InteropServices;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// What a signer knows of a tree from proofs against its root: enough to compute the root after those keys change. The zone
/// keeps the whole tree; the signer needs only this. The paths of all its keys are hashed together, so that what they share is
/// hashed once.
/// </summary>
public sealed class PartialTree
{
    private readonly Dictionary<Digest, Known> _keys = [];
    private Digest? _root;

    /// <summary>Begins with a root that the signer holds for true.</summary>
    public PartialTree(Digest root)
    {
        Trusted = root;
        _root = root;
    }

    /// <summary>The root after the updates so far.</summary>
    public Digest Root => _root ??= Compute();

    private Digest Trusted { get; }

    /// <summary>Adds a proof against the root of the beginning.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its leaf now; zero when it is absent.</param>
    /// <param name="proof">The proof that came from the zone.</param>
    /// <returns>False when the proof does not lead to the root, or is none; then nothing was added.</returns>
    public bool TryAdd(Digest key, Digest leaf, TreeProof proof)
    {
        if (!proof.LeadsTo(Trusted, key, leaf))
        {
            return false;
        }

        _keys[key] = new Known(key, leaf, proof);
        return true;
    }

    /// <summary>Replaces the leaf of a key whose proof was added; zero removes it.</summary>
    /// <exception cref="KeyNotFoundException">No proof of that key was added.</exception>
    public void Update(Digest key, Digest leaf)
    {
        _keys[key] = _keys[key] with { Leaf = leaf };
        _root = null;
    }

    private Digest Compute()
    {
        var known = _keys.Values.ToList();
        known.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Key, b.Key));
        return Fold(CollectionsMarshal.AsSpan(known), 0).Hash;
    }

    // All of them share the path down to here.
    private static Subtree Fold(ReadOnlySpan<Known> keys, int depth)
    {
        if (keys.Length == 1)
        {
            return keys[0].Proof.Fold(keys[0].Key, keys[0].Leaf, depth);
        }

        var right = 0;
        while (right < keys.Length && !keys[right].Key.Bit(depth))
        {
            right++;
        }

        return right == 0 || right == keys.Length
            ? Subtree.Join(right == 0, Fold(keys, depth + 1), keys[0].Proof.Sibling(depth))
            : Subtree.Join(Fold(keys[..right], depth + 1), Fold(keys[right..], depth + 1));
    }

    private sealed record Known(Digest Key, Digest Leaf, TreeProof Proof);
}
