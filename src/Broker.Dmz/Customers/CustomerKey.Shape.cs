namespace Broker.Dmz.Customers;

/// <summary>What can be seen of a key actor from outside without asking it: for tests that replay a world, between turns only.</summary>
/// <param name="State">A constant of <see cref="KeyState"/>.</param>
/// <param name="Fence">The fence; 0 before the first claim.</param>
/// <param name="Counter">Of the head that is held; 0 where none is.</param>
/// <param name="IsPending">Whether a head is in flight.</param>
/// <param name="InFlight">Hand-offs that are sealed and have no end.</param>
/// <param name="Uses">Uses without an end.</param>
/// <param name="Early">Launches that wait for the journal's open hand-offs, or for an agent that follows its customer here.</param>
/// <param name="IsRecovered">Whether the journal's open hand-offs are known.</param>
/// <param name="Outcomes">Outcomes that are not in the ledger yet.</param>
/// <param name="Sessions">Agents that began a session.</param>
/// <param name="Contexts">Those whose session is open.</param>
/// <param name="Secrets">Buffers of locked memory that the actor owns.</param>
internal readonly record struct KeyShape(
    string State, ulong Fence, ulong Counter, bool IsPending, int InFlight, int Uses, int Early, bool IsRecovered, int Outcomes,
    int Sessions, int Contexts, int Secrets);

/// <content>The shape.</content>
internal sealed partial class CustomerKey
{
    /// <summary>What can be seen from outside.</summary>
    internal KeyShape Shape
    {
        get
        {
            var contexts = 0;
            foreach (var session in _sessions.Values)
            {
                contexts += session.Context is null ? 0 : 1;
            }

            // A secret is itself and two scalars, a context two chains.
            var secrets = (_secret?.Secrets ?? 0) + _shares.Count + (_setup?.Secrets ?? 0) + (_change?.Secrets ?? 0) + (2 * contexts);
            var early = _early.Count + SealsForArriving;
            return new KeyShape(
                _state, _fence, _head?.Value.Counter ?? 0, _pending is not null, _inFlight.Count, _uses.Count, early, _recovered,
                _ended.Count + _appending.Count, _sessions.Count, contexts, secrets);
        }
    }
}
