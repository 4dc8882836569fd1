using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>
/// The batches whose signature one reader verified last. Blocks of one group commit come together, so one signature serves them all.
/// Not thread-safe.
/// </summary>
public sealed class VerifiedBatches
{
    private const int Capacity = 64;

    private readonly HashSet<(Digest Batch, Digest Key)> _known = [];
    private readonly Queue<(Digest Batch, Digest Key)> _order = [];

    /// <summary>Whether <paramref name="key"/> signed the batch, now or when it was seen before.</summary>
    public bool IsBy(Signed batch, PublicKey key)
    {
        var name = (batch.Hash, key.Fingerprint);
        if (_known.Contains(name))
        {
            return true;
        }

        if (!batch.IsBy(key))
        {
            return false;
        }

        if (_order.Count >= Capacity)
        {
            _known.Remove(_order.Dequeue());
        }

        _known.Add(name);
        _order.Enqueue(name);
        return true;
    }
}
