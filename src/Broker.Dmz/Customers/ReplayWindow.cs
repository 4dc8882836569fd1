using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Customers;

/// <summary>
/// Attempts that this incarnation has sealed. Receipts older than the window are refused as stale, so the window need not be
/// longer than that; a fence of an earlier incarnation is refused anyway.
/// </summary>
internal sealed class ReplayWindow
{
    private const int Capacity = 2_000_000;

    private static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    private readonly HashSet<(Id16, uint)> _sealed = [];
    private readonly Queue<((Id16, uint) Attempt, DateTimeOffset Until)> _order = [];

    /// <summary>Whether a receipt of that time may still be used.</summary>
    public static bool IsFresh(DateTimeOffset receipt, DateTimeOffset now) => (now - receipt).Duration() < Length;

    /// <summary>Nothing was sealed for the attempt after all, and it may come again.</summary>
    public void Forget(Id16 handOff, uint attempt) => _sealed.Remove((handOff, attempt));

    /// <summary>Remembers an attempt; false when it was there, or when the window is full.</summary>
    public bool TryAdd(Id16 handOff, uint attempt, DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Until < now)
        {
            _sealed.Remove(_order.Dequeue().Attempt);
        }

        if (_sealed.Count >= Capacity || !_sealed.Add((handOff, attempt)))
        {
            return false;
        }

        // Twice the length: clocks of zone and node may differ by up to one in either direction.
        _order.Enqueue(((handOff, attempt), now + (2 * Length)));
        return true;
    }
}
