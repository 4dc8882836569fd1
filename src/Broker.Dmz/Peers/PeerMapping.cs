using Broker.Dmz.Forwarding;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Microsoft.AspNetCore.Routing;

namespace Broker.Dmz.Peers;

/// <summary>Which operation of the peer link is which method: the closed set, each behind the check of the peer's role.</summary>
internal static class PeerMapping
{
    /// <summary>Maps every operation.</summary>
    public static void MapPeers(this IEndpointRouteBuilder endpoints, PeerService service, ForwardGate? gate = null)
    {
        endpoints.MapZoneOperation(PeerOperations.Describe, service.Describe);
        endpoints.MapZoneOperation(PeerOperations.DrawTicket, service.DrawTicket);
        endpoints.MapZoneOperation(PeerOperations.Transfer, service.Transfer);
        endpoints.MapZoneOperation(PeerOperations.TakeOver, service.TakeOver);
        endpoints.MapZoneOperation(PeerOperations.Wipe, service.Wipe);
        (gate ?? new ForwardGate()).Guard(endpoints.MapZoneOperation(PeerOperations.Forward, service.Forward));
        endpoints.MapZoneOperation(PeerOperations.Holdings, service.Holdings);
        endpoints.MapZoneOperation(PeerOperations.Hold, service.Hold);
    }
}
