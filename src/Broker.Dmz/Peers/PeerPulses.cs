using System.Collections.Concurrent;
using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Peers;

/// <summary>
/// How the peers answered when they were asked last: the start that answered, and what they have missed since. What follows from it is
/// who claims and who waits; that it may be wrong is why there are fences. Thread-safe.
/// </summary>
internal sealed class PeerPulses
{
    /// <summary>A connection that is refused counts more than an answer that is late: the latter may be this node's own fault.</summary>
    private const int Refused = 2;
    private const int Late = 1;
    private const int Gone = 4;

    private readonly ConcurrentDictionary<Name, Pulse> _pulses = new();

    /// <summary>A start of a node proved that it lives.</summary>
    public void Answered(Name node, Digest incarnation) => _pulses[node] = new Pulse(incarnation, 0, false);

    /// <summary>A node did not prove it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="inTime">Whether it failed at once, instead of being waited for.</param>
    public void Missed(Name node, bool inTime) => _pulses.AddOrUpdate(
        node, new Pulse(null, inTime ? Refused : Late, inTime),
        (_, last) => last with { Missed = Math.Min(last.Missed + (inTime ? Refused : Late), Gone), IsRefused = inTime });

    /// <summary>Whether a node answered the last time.</summary>
    public bool Answers(Name node) => _pulses.TryGetValue(node, out var pulse) && pulse.Missed == 0;

    /// <summary>Whether a node has missed so much that nobody waits for it.</summary>
    public bool IsSilent(Name node) => _pulses.TryGetValue(node, out var pulse) && pulse.Missed >= Gone;

    /// <summary>Whether the start of a node that owns a customer is gone: silent, or another start answers in its place.</summary>
    public bool IsGone(CustomerOwner owner) =>
        IsSilent(owner.Node) || (_pulses.TryGetValue(owner.Node, out var pulse) && pulse.Missed == 0 && pulse.Last != owner.Incarnation);

    /// <summary>Whether a start of a node that answers is not the one that answered last.</summary>
    public bool IsAnother(Name node, Digest incarnation) =>
        _pulses.TryGetValue(node, out var pulse) && pulse.Last is { } last && last != incarnation;

    /// <summary>
    /// Whether a node is silent without a sign of its end, such as a connection that is refused: it may well live behind a cut.
    /// </summary>
    public bool MayLive(Name node) => IsSilent(node) && _pulses.TryGetValue(node, out var pulse) && !pulse.IsRefused;

    private sealed record Pulse(Digest? Last, int Missed, bool IsRefused);
}
