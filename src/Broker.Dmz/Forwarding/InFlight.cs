using System.Collections.Concurrent;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Forwarding;

/// <summary>
/// Bounds what is under way: altogether, and for one of those who share it, so that none of them has it to itself. Thread-safe.
/// </summary>
/// <param name="each">The most of one.</param>
/// <param name="all">The most of all together.</param>
internal sealed class InFlight(long each, long all)
{
    private readonly ConcurrentDictionary<Name, long> _each = new();
    private long _all;

    /// <summary>What is under way now.</summary>
    public long Count => Interlocked.Read(ref _all);

    /// <summary>Takes so much, or nothing at all.</summary>
    /// <returns>False when it is full; else it is to be given back by <see cref="Leave"/>.</returns>
    public bool TryEnter(Name who, long amount = 1)
    {
        if (Interlocked.Add(ref _all, amount) > all)
        {
            Interlocked.Add(ref _all, -amount);
            return false;
        }

        if (_each.AddOrUpdate(who, amount, (_, now) => now + amount) > each)
        {
            Leave(who, amount);
            return false;
        }

        return true;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Leave(Name who, long amount = 1)
    {
        Interlocked.Add(ref _all, -amount);
        if (_each.AddOrUpdate(who, 0, (_, now) => now - amount) == 0)
        {
            _each.TryRemove(new KeyValuePair<Name, long>(who, 0));
        }
    }
}
