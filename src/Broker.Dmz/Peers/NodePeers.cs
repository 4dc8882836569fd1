using System.Collections.Concurrent;
using Broker.Links.Peers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Peers;

/// <summary>The other nodes of the DMZ as this one knows them.</summary>
/// <param name="Policy">Whom this node hands secrets to.</param>
/// <param name="Others">Ways to them, from the configuration.</param>
/// <param name="Live">Which of them have proved that they live.</param>
internal sealed record NodePeers(AdmissionPolicy Policy, IReadOnlyList<PeerCaller> Others, LiveIncarnations Live)
{
    /// <summary>A node that is alone.</summary>
    public static NodePeers None { get; } = new(AdmissionPolicy.Closed, [], new LiveIncarnations(TimeProvider.System));

    private readonly ConcurrentDictionary<Name, Digest> _leaving = new();

    /// <summary>How they answered lately.</summary>
    public PeerPulses Pulses { get; } = new();

    /// <summary>Whether a start of a node said last that it leaves: nothing is given to it any more. It harms nobody but itself.</summary>
    public bool IsLeaving(Name node, Digest incarnation) => _leaving.TryGetValue(node, out var leaving) && leaving == incarnation;

    /// <summary>A start of a node says whether it leaves.</summary>
    public void Saw(Name node, Digest incarnation, bool isLeaving)
    {
        if (isLeaving)
        {
            _leaving[node] = incarnation;
        }
        else
        {
            _leaving.TryRemove(node, out _);
        }
    }

    /// <summary>The way to a node, or null.</summary>
    public PeerCaller? Find(Name node) => Others.FirstOrDefault(p => p.Node == node);
}
