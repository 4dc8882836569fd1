using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;

namespace Broker.Simulation.Tests;

/// <summary>A node's way to the zone.</summary>
internal sealed class SimulatedZoneLink(Process caller, PeerIdentity peer, Network network, Func<ZoneNode?> zone) : ZoneCaller
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public SimulatedCalls Calls { get; } = new(caller, peer, network, zone, Deadline);

    public override Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken) =>
        Calls.CallAsync(operation, request, cancellationToken);
}

/// <summary>A node's way to another one.</summary>
internal sealed class SimulatedPeerLink(Process caller, PeerIdentity peer, Network network, Name node, Func<DmzProcess?> other)
    : PeerCaller(node)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public SimulatedCalls Calls { get; } = new(caller, peer, network, other, Deadline);

    /// <summary>Who calls.</summary>
    public PeerIdentity Identity => peer;

    public override Uri Address { get; } = new($"https://{node}.test");

    public override Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken) =>
        Calls.CallAsync(operation, request, cancellationToken);
}
