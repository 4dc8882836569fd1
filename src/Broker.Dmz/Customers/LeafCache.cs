using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <summary>
/// Leaves that were verified under the current head, so that a steady hand-off hashes entries but no paths. The key actor is the
/// only writer of the tree, so what it does not change stays true from head to head.
/// </summary>
internal sealed class LeafCache
{
    private const int Capacity = 16_384;

    private readonly Dictionary<Digest, Known> _leaves = [];

    /// <summary>Whether the entry stands under <paramref name="root"/>, the root that the cache is of.</summary>
    public bool IsUnder(Digest root, ProvenEntry entry)
    {
        if (_leaves.TryGetValue(entry.LeafKey, out var known) && known.Leaf == entry.Leaf)
        {
            return true;
        }

        if (!entry.LeadsTo(root))
        {
            return false;
        }

        Keep(entry);
        return true;
    }

    /// <summary>Whether the entry stands in what is proven of the tree under the root that the cache is of.</summary>
    public bool IsUnder(PartialTree tree, ProvenEntry entry)
    {
        if (!tree.TryFind(entry.LeafKey, out var leaf) || leaf != entry.Leaf)
        {
            return false;
        }

        if (!_leaves.TryGetValue(entry.LeafKey, out var known) || known.Leaf != leaf)
        {
            Keep(entry);
        }

        return true;
    }

    private void Keep(ProvenEntry entry)
    {
        // What is not there is asked for once, when it is made; remembered it would only push out what is there.
        if (entry.Leaf != Digest.Zero)
        {
            if (_leaves.Count >= Capacity)
            {
                _leaves.Clear();
            }

            _leaves[entry.LeafKey] = new Known(entry.Leaf, null);
        }
    }

    /// <summary>Reads a verified entry; one that was read before is not read again, so a user's key keeps its verifier.</summary>
    public T? Read<T>(ProvenEntry entry)
        where T : class, IStatement<T>
    {
        if (!_leaves.TryGetValue(entry.LeafKey, out var known) || known.Leaf != entry.Leaf)
        {
            return entry.Read<T>();
        }

        if (known.Value is T value)
        {
            return value;
        }

        var read = entry.Read<T>();
        _leaves[entry.LeafKey] = known with { Value = read };
        return read;
    }

    /// <summary>The head moved on: these leaves changed. What was not known stays so, and is proved when it is asked for.</summary>
    public void Apply(IEnumerable<(Digest Key, Digest Leaf)> changes)
    {
        foreach (var (key, leaf) in changes)
        {
            if (leaf == Digest.Zero)
            {
                _leaves.Remove(key);
            }
            else if (_leaves.ContainsKey(key))
            {
                _leaves[key] = new Known(leaf, null);
            }
        }
    }

    /// <summary>Leaves that are known.</summary>
    public int Count => _leaves.Count;

    public void Clear() => _leaves.Clear();

    private readonly record struct Known(Digest Leaf, object? Value);
}
