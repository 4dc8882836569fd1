using System.Collections.Concurrent;
using Broker.Dmz.Node;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Agents;

/// <summary>
/// Which node owns a customer, as the zone says; one question at a time for each customer, however many of its agents ask. Nothing is
/// decided by it but where an agent's frames go. Thread-safe.
/// </summary>
internal sealed class OwnerLookup(DmzContext node)
{
    private const int Most = 20_000;

    private static readonly TimeSpan Lasts = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<Name, Answer> _answers = new();

    /// <summary>The owner; null where the zone names none.</summary>
    /// <exception cref="Links.Zone.ZoneException">The zone does not say.</exception>
    public async Task<Name?> FindAsync(Name customer, CancellationToken cancellation)
    {
        if (_answers.TryGetValue(customer, out var known) && known.IsFresh(node.Time))
        {
            return await known.Owner.WaitAsync(cancellation);
        }

        if (_answers.Count >= Most)
        {
            _answers.Clear();
        }

        var asked = new Answer(Ask(customer), node.Time.GetTimestamp());
        _answers[customer] = asked;
        return await asked.Owner.WaitAsync(cancellation);
    }

    /// <summary>The owner may be another now: the next question goes to the zone.</summary>
    public void Forget(Name customer) => _answers.TryRemove(customer, out _);

    /// <summary>The zone, or a claim of this node that the zone took, said it just now: those who look now need not ask.</summary>
    public void Saw(Name customer, Name owner)
    {
        if (_answers.Count >= Most)
        {
            _answers.Clear();
        }

        _answers[customer] = new Answer(Task.FromResult<Name?>(owner), node.Time.GetTimestamp());
    }

    private async Task<Name?> Ask(Name customer)
    {
        var state = await node.Zone.GetCustomerAsync(
            new Wire.GetCustomerRequest { Customer = customer.Value }, CancellationToken.None);
        return Name.TryParse(state.OwnerNode, out var owner) ? owner : null;
    }

    private sealed record Answer(Task<Name?> Owner, long At)
    {
        public bool IsFresh(TimeProvider time) => !Owner.IsFaulted && time.GetElapsedTime(At) < Lasts;
    }
}
