using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <content>What a node that leaves asks of the others.</content>
internal sealed partial class PeerService
{
    /// <summary>How long who leaves waits for it: not so long that it takes this node for one that hangs.</summary>
    internal static readonly TimeSpan HoldTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Asks the customer's owner for it, as this node does of its own accord, under the admission that it has.</summary>
    public async Task<ZoneAnswer<Wire.HoldReply>> Hold(PeerIdentity _, Wire.HoldRequest request, CancellationToken cancellation)
    {
        var customer = Name.Parse(request.Customer);
        if (node.Drain.IsOn)
        {
            return ToRefusal(DrainProgress.Refusal);
        }

        if (intake is null)
        {
            return ZoneRefusal.Refused(AdmissionRefusal.Needed, "this node asks nobody for customers");
        }

        try
        {
            var held = await intake.Ask<Result<TakenIn>>(
                reply => new PeerIntakeMessage.Wanted(customer, reply), HoldTimeout, cancellation);
            return held.Value is not null ? new Wire.HoldReply() : ToRefusal(held.ToRefused());
        }
        catch (Exception busy) when (busy is AskTimeoutException or ActorBusyException)
        {
            return ZoneRefusal.Busy(Codes.Busy, "this node asks for other customers; ask again");
        }
    }
}
