using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Customers;

/// <summary>
/// Leaves that were verified under the current head, so that a steady hand-off hashes entries but no paths. The key actor is the
/// only writer of the tree, so what it does not change stays true from head to head.
/// </summary>
internal sealed class LeafCache
{
    private const int Capacity = 16_384;

    private readonly Dictionary<Digest, Digest> _leaves = [];

    /// <summary>Whether the entry stands under <paramref name="root"/>, the root that the cache is of.</summary>
    public bool IsUnder(Digest root, ProvenEntry entry)
    {
        if (_leaves.TryGetValue(entry.LeafKey, out var leaf) && leaf == entry.Leaf)
        {
            return true;
        }

        if (entry.Proof.Root(entry.LeafKey, entry.Leaf) != root)
        {
            return false;
        }

        if (_leaves.Count >= Capacity)
        {
            _leaves.Clear();
        }

        _leaves[entry.LeafKey] = entry.Leaf;
        return true;
    }

    /// <summary>The head moved on: these leaves changed.</summary>
    public void Apply(IEnumerable<(Digest Key, Digest Leaf)> changes)
    {
        foreach (var (key, leaf) in changes)
        {
            _leaves[key] = leaf;
        }
    }

    public void Clear() => _leaves.Clear();
}
