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

    /// <summary>How they answered lately.</summary>
    public PeerPulses Pulses { get; } = new();

    /// <summary>The way to a node, or null.</summary>
    public PeerCaller? Find(Name node) => Others.FirstOrDefault(p => p.Node == node);
}
