using Broker.Links.Zone;
using Microsoft.AspNetCore.Routing;

namespace Broker.CredentialZone.Service;

/// <summary>Which operation of the link is which method: the closed set, each behind the check of the peer's role.</summary>
internal static class ZoneMapping
{
    /// <summary>Maps every operation.</summary>
    public static void MapZone(this IEndpointRouteBuilder endpoints, ZoneService service)
    {
        endpoints.MapZoneOperation(ZoneOperations.Describe, service.Describe);
        endpoints.MapZoneOperation(ZoneOperations.GetCustomer, service.GetCustomer);
        endpoints.MapZoneOperation(ZoneOperations.ListCustomers, service.ListCustomers);
        endpoints.MapZoneOperation(ZoneOperations.Enrol, service.Enrol);
        endpoints.MapZoneOperation(ZoneOperations.Claim, service.Claim);
        endpoints.MapZoneOperation(ZoneOperations.ReadEntries, service.ReadEntries);
        endpoints.MapZoneOperation(ZoneOperations.ListEntries, service.ListEntries);
        endpoints.MapZoneOperation(ZoneOperations.Commit, service.Commit);
        endpoints.MapZoneOperation(ZoneOperations.Release, service.Release);
        endpoints.MapZoneOperation(ZoneOperations.AppendOutcome, service.AppendOutcome);
        endpoints.MapZoneOperation(ZoneOperations.GetHandOff, service.GetHandOff);
        endpoints.MapZoneOperation(ZoneOperations.ListHandOffs, service.ListHandOffs);
        endpoints.MapZoneOperation(ZoneOperations.Lock, service.Lock);
        endpoints.MapZoneOperation(ZoneOperations.InviteAgent, service.InviteAgent);
        endpoints.MapZoneOperation(ZoneOperations.FindInvitation, service.FindInvitation);
        endpoints.MapZoneOperation(ZoneOperations.AdvanceGeneration, service.AdvanceGeneration);
        endpoints.MapZoneOperation(ZoneOperations.ReportRefusal, service.ReportRefusal);
        endpoints.MapZoneOperation(ZoneOperations.ReportCustody, service.ReportCustody);
        endpoints.MapZoneOperation(ZoneOperations.ReadLedger, service.ReadLedger);
    }
}
