using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Engine;

/// <summary>
/// The rows that a rotation was given last, as they were proven under a head, so that they are not read again when they come back
/// encrypted anew. A row is known under the root of a tree in which it stands: what is changed in that tree here is forgotten and the
/// root moved on, and whoever asks under another root, since another node wrote, finds nothing.
/// </summary>
internal sealed class GivenRows
{
    // While one batch is on its way back the next is given.
    private Dictionary<Digest, EntryRecord> _last = [];
    private Dictionary<Digest, EntryRecord> _before = [];
    private Name? _customer;
    private Digest _root;

    /// <summary>Remembers a batch, and forgets the one before the last.</summary>
    /// <param name="customer">The customer; rows of another are forgotten.</param>
    /// <param name="root">The root under which they were proven; rows under another are forgotten.</param>
    /// <param name="rows">The rows.</param>
    public void Remember(Name customer, Digest root, IReadOnlyList<EntryRecord> rows)
    {
        if (_customer != customer || _root != root)
        {
            Clear();
            (_customer, _root) = (customer, root);
        }

        (_last, _before) = (_before, _last);
        _last.Clear();
        foreach (var row in rows)
        {
            _last[row.LeafKey] = row;
        }
    }

    /// <summary>A row that was given and stands in the tree of that root, or null.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="root">The root that its tree has.</param>
    /// <param name="leaf">The key of its leaf.</param>
    public EntryRecord? Find(Name customer, Digest root, Digest leaf) =>
        _customer == customer && _root == root && (_last.TryGetValue(leaf, out var row) || _before.TryGetValue(leaf, out row))
            ? row : null;

    /// <summary>Follows a change of a customer's tree.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="before">The root that the tree had.</param>
    /// <param name="root">The root that it has.</param>
    /// <param name="leaves">The leaves that changed.</param>
    public void Follow(Name customer, Digest before, Digest root, IReadOnlyList<(Digest Key, Digest Value)> leaves)
    {
        if (_customer != customer)
        {
            return;
        }

        if (_root != before)
        {
            Clear();
            return;
        }

        foreach (var (key, _) in leaves)
        {
            if (!_before.Remove(key))
            {
                _last.Remove(key);
            }
        }

        _root = root;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _last.Clear();
        _before.Clear();
        _customer = null;
    }
}
