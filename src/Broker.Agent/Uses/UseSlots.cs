using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>Counts the hand-offs in each named use, so that no more are opened than may be in use. Thread-safe.</summary>
internal sealed class UseSlots
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Name, int> _taken = [];

    /// <summary>How many hand-offs are in a use now.</summary>
    internal int Taken(Name use)
    {
        lock (_gate)
            return _taken.GetValueOrDefault(use);
    }

    /// <summary>Takes a place in a use.</summary>
    /// <returns>The place, given back when disposed; null where the use is full.</returns>
    internal IDisposable? TryTake(NamedUse use)
    {
        lock (_gate)
        {
            var taken = _taken.GetValueOrDefault(use.Name);
            if (taken >= use.AtMost)
                return null;

            _taken[use.Name] = taken + 1;
            return new Slot(this, use.Name);
        }
    }

    private void GiveBack(Name use)
    {
        lock (_gate)
            _taken[use]--;
    }

    private sealed class Slot(UseSlots slots, Name use) : IDisposable
    {
        private UseSlots? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.GiveBack(use);
    }
}
