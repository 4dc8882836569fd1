using System.Collections.Concurrent;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Peers;

/// <summary>
/// Incarnations of other nodes that proved a moment ago that they live. Only what was verified is entered, so the actors of customers'
/// keys believe it. Thread-safe.
/// </summary>
internal sealed class LiveIncarnations(TimeProvider time)
{
    /// <summary>How long a proof counts: three of the intervals in which they are asked for.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Name, (Digest Incarnation, long Seen)> _seen = new();

    /// <summary>An incarnation proved that it lives.</summary>
    public void Saw(Name node, Digest incarnation) => _seen[node] = (incarnation, time.GetTimestamp());

    /// <summary>The incarnation of a node that lives, as far as is known; null when none does.</summary>
    public Digest? Of(Name node) =>
        _seen.TryGetValue(node, out var last) && time.GetElapsedTime(last.Seen) < Lasts ? last.Incarnation : null;
}
