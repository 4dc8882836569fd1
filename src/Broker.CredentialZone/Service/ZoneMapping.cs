using Broker.CredentialZone.Integrity;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Google.Protobuf;
using Microsoft.AspNetCore.Routing;

namespace Broker.CredentialZone.Service;

/// <summary>Which operation of the link is which method: the closed set, each behind the check of the peer's role.</summary>
internal static class ZoneMapping
{
    /// <summary>Maps every operation.</summary>
    public static void MapZone(this IEndpointRouteBuilder endpoints, ZoneService service)
    {
        endpoints.MapZoneOperation(ZoneOperations.Describe, service.Describe);
        endpoints.MapReading(ZoneOperations.GetCustomer, service, service.GetCustomer);
        endpoints.MapReading(ZoneOperations.ListCustomers, service, service.ListCustomers);
        endpoints.MapZoneOperation(ZoneOperations.Enrol, service.Enrol);
        endpoints.MapZoneOperation(ZoneOperations.Claim, service.Claim);
        endpoints.MapReading(ZoneOperations.ReadEntries, service, service.ReadEntries);
        endpoints.MapReading(ZoneOperations.ListEntries, service, service.ListEntries);
        endpoints.MapZoneOperation(ZoneOperations.Commit, service.Commit);
        endpoints.MapZoneOperation(ZoneOperations.Release, service.Release);
        endpoints.MapZoneOperation(ZoneOperations.RotateRows, service.RotateRows);
        endpoints.MapZoneOperation(ZoneOperations.AppendOutcome, service.AppendOutcome);
        endpoints.MapReading(ZoneOperations.GetHandOff, service, service.GetHandOff);
        endpoints.MapReading(ZoneOperations.ListHandOffs, service, service.ListHandOffs);
        endpoints.MapZoneOperation(ZoneOperations.AppendTransfer, service.AppendTransfer);
        endpoints.MapZoneOperation(ZoneOperations.Lock, service.Lock);
        endpoints.MapZoneOperation(ZoneOperations.InviteAgent, service.InviteAgent);
        endpoints.MapReading(ZoneOperations.FindInvitation, service, service.FindInvitation);
        endpoints.MapZoneOperation(ZoneOperations.AdvanceGeneration, service.AdvanceGeneration);
        endpoints.MapZoneOperation(ZoneOperations.ReportRefusal, service.ReportRefusal);
        endpoints.MapZoneOperation(ZoneOperations.ReportCustody, service.ReportCustody);
        endpoints.MapZoneOperation(ZoneOperations.AppendBackupCheck, service.AppendBackupCheck);
        endpoints.MapReading(ZoneOperations.ReadLedger, service, service.ReadLedger);
    }

    // What a reading finds altered is refused and recorded; an operation of the writer records it itself.
    private static void MapReading<TRequest, TReply>(
        this IEndpointRouteBuilder endpoints, ZoneOperation<TRequest, TReply> operation, ZoneService service,
        Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> read)
        where TRequest : IMessage<TRequest>, new()
        where TReply : class, IMessage<TReply>, new() => endpoints.MapZoneOperation(operation, async (peer, request, token) =>
        {
            try
            {
                return await read(peer, request, token);
            }
            catch (AlteredException altered)
            {
                await service.Alarm(altered, operation.Name);
                return ZoneRefusal.Refused(altered.Code, altered.Message);
            }
        });
}
