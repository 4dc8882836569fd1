using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Engine;

/// <summary>
/// The rows that a rotation was given last, as they were proven under a head, so that they are not read again when they come back
/// encrypted anew. Nothing is believed of one but with its leaf: whoever goes by it compares the value that the tree has by then.
/// </summary>
internal sealed class GivenRows
{
    // While one batch is on its way back the next is given.
    private Dictionary<Digest, (Digest Value, EntryRecord Row)> _last = [];
    private Dictionary<Digest, (Digest Value, EntryRecord Row)> _before = [];
    private Name? _customer;

    /// <summary>Remembers a batch, and forgets the one before the last.</summary>
    /// <param name="customer">The customer; rows of another are forgotten.</param>
    /// <param name="rows">The rows, with the values of their leaves.</param>
    public void Remember(Name customer, IReadOnlyList<(EntryRecord Row, Digest Value)> rows)
    {
        if (_customer != customer || rows.Count == 0)
        {
            Clear();
            _customer = customer;
        }

        (_last, _before) = (_before, _last);
        _last.Clear();
        foreach (var (row, value) in rows)
        {
            _last[row.LeafKey] = (value, row);
        }
    }

    /// <summary>A row that was given, or null.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="leaf">The key of its leaf.</param>
    public EntryRecord? Find(Name customer, Digest leaf) => Known(customer, leaf)?.Row;

    /// <summary>Whether nothing else than the row that was given stands at a leaf; true where none was.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="leaf">The key of the leaf.</param>
    /// <param name="value">The value that it has.</param>
    public bool Stands(Name customer, Digest leaf, Digest value) => Known(customer, leaf) is not { } known || known.Value == value;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _last.Clear();
        _before.Clear();
        _customer = null;
    }

    private (Digest Value, EntryRecord Row)? Known(Name customer, Digest leaf) =>
        _customer == customer && (_last.TryGetValue(leaf, out var known) || _before.TryGetValue(leaf, out known)) ? known : null;
}
