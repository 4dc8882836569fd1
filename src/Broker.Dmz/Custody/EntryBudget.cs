using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Custody;

/// <summary>
/// Bounds what consoles bring to unlock, open or prove ways of custody: in a minute so many by one console for one customer, eight times
/// as many for one customer, and thirty-two times as many by one console. What is over the first is not counted for the others, so a
/// flood for one customer takes nothing from another. Thread-safe.
/// </summary>
internal sealed class EntryBudget(TimeProvider time, int perMinute)
{
    private const int OfCustomer = 8;
    private const int OfConsole = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Console, Name? Customer), int> _counts = [];
    private long _minute;

    /// <summary>Takes one entry into account.</summary>
    /// <returns>Whether it is within the budgets.</returns>
    public bool Take(string console, Name customer)
    {
        lock (_gate)
        {
            var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
            if (minute != _minute)
            {
                _counts.Clear();
                _minute = minute;
            }

            // The number of keys is bounded by what the consoles may bring in a minute.
            return Within((console, customer), perMinute) && Within((console, null), OfConsole * perMinute) &&
                Within(("", customer), OfCustomer * perMinute);
        }
    }

    private bool Within((string, Name?) key, int most)
    {
        var count = _counts.GetValueOrDefault(key);
        if (count >= most)
        {
            return false;
        }

        _counts[key] = count + 1;
        return true;
    }
}
