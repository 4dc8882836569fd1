using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Node;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;
using ZoneWire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Peers;

/// <summary>
/// This node's side of the peer link. It carries: what a peer may have is decided by the actor of the customer's key; what it may not
/// have anyway is never in a reply.
/// </summary>
internal sealed partial class PeerService(
    DmzContext node, CustomerRegistry customers, OwnedCalls? owned = null, ConnectedAgents? agents = null,
    ActorRef<PeerIntakeMessage>? intake = null)
{
    private const int MostMeetings = 6;

    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenMeetings = TimeSpan.FromMilliseconds(200);

    public Task<ZoneAnswer<Wire.DescribeReply>> Describe(PeerIdentity _, Wire.DescribeRequest request, CancellationToken __)
    {
        var own = node.Incarnation;
        var presence = new Presence(node.Cluster, node.Node, own.Key.Fingerprint, new Digest(request.Nonce.Span)).Encode();
        var reply = new Wire.DescribeReply
        {
            Incarnation = PeerWires.To(own.Statement),
            Presence = PeerWires.To(new(presence, own.Sign(presence))),
            Leaving = node.Drain.IsOn,
        };
        reply.Certificates.AddRange(own.Certificates.Select(c => UnsafeByteOperations.UnsafeWrap(c)));
        return Task.FromResult<ZoneAnswer<Wire.DescribeReply>>(reply);
    }

    public async Task<ZoneAnswer<Wire.DrawTicketReply>> DrawTicket(
        PeerIdentity _, Wire.DrawTicketRequest request, CancellationToken cancellation)
    {
        if (customers.Known(Name.Parse(request.Customer)) is not { } refs)
        {
            return NotHere;
        }

        var drawn = await refs.Key.Ask<Result<Protocol.Statements.Signed>>(
            reply => new CustomerKeyMessage.DrawTicket(PeerWires.From(request.Request), reply), KeyTimeout, cancellation);
        return drawn.Value is { } ticket ? new Wire.DrawTicketReply { Ticket = PeerWires.To(ticket) } : ToRefusal(drawn.ToRefused());
    }

    public async Task<ZoneAnswer<Wire.TransferReply>> Transfer(
        PeerIdentity peer, Wire.TransferRequest request, CancellationToken cancellation)
    {
        if (customers.Known(Name.Parse(request.Customer)) is not { } refs)
        {
            return NotHere;
        }

        // Who lives under that name is known before the key decides; that nobody answers is no obstacle.
        if (node.Peers.Find(peer.Name) is { } known)
        {
            await Meet(known, cancellation);
        }

        var ask = new TransferAsk(
            peer.Name, PeerWires.From(request.Request), PeerWires.From(request.Incarnation),
            PeerWires.Certificates(request.Certificates), request.Admission.Memory, request.TicketSignature.Memory);
        var offered = await refs.Key.Ask<Result<OfferedTransfer>>(
            reply => new CustomerKeyMessage.OfferTransfer(ask, reply), KeyTimeout, cancellation);
        if (offered.Value is not { } offer)
        {
            return ToRefusal(offered.ToRefused());
        }

        var appended = await Append(refs, offer, cancellation);
        if (appended.Value is not { } receipt)
        {
            return ToRefusal(appended.ToRefused());
        }

        var done = await refs.Key.Ask<Result<SealedTransfer>>(
            reply => new CustomerKeyMessage.SealTransfer(offer.Request, receipt.Receipt.Memory, reply), KeyTimeout, cancellation);
        return done.Value is { } sealedTransfer ? ToReply(sealedTransfer) : ToRefusal(done.ToRefused());
    }

    /// <summary>
    /// Has whoever lives under a peer's name say so. A start that asks for customers may not listen yet, and the one before it, which is
    /// dead, would count as alive by what it said last: so one that refuses is asked some more times.
    /// </summary>
    private async Task Meet(PeerCaller peer, CancellationToken cancellation)
    {
        for (var asked = 1; ; asked++)
        {
            var found = await PeerProbe.Look(node, peer, cancellation);
            if (found.Value is not null || found.Code == TransferCodes.PeerUnavailable || asked == MostMeetings ||
                node.Peers.Live.Of(peer.Node) is null)
            {
                return;
            }

            await Task.Delay(BetweenMeetings, node.Time, cancellation);
        }
    }

    public async Task<ZoneAnswer<Wire.TakeOverReply>> TakeOver(
        PeerIdentity _, Wire.TakeOverRequest request, CancellationToken cancellation)
    {
        if (node.Drain.IsOn)
        {
            return ToRefusal(DrainProgress.Refusal);
        }

        if (customers.Known(Name.Parse(request.Customer)) is not { } refs)
        {
            return NotHere;
        }

        var word = PeerWires.From(request.HandOver);
        var taken = await refs.Key.Ask<Result<KeyStatus>>(
            reply => new CustomerKeyMessage.TakeOver(word, reply), KeyTimeout, cancellation);
        return taken.Value is { } status ? new Wire.TakeOverReply { Fence = status.Fence } : ToRefusal(taken.ToRefused());
    }

    // Wiping needs no authority here, but a stolen certificate shall not wipe what no lock stands over: the zone is asked.
    public async Task<ZoneAnswer<Wire.WipeReply>> Wipe(PeerIdentity _, Wire.WipeRequest request, CancellationToken cancellation)
    {
        try
        {
            var state = await node.Zone.GetCustomerAsync(new ZoneWire.GetCustomerRequest { Customer = request.Customer }, cancellation);
            if (state.LockGeneration <= state.LiftedGeneration)
            {
                return ZoneRefusal.Refused(TransferCodes.NoLock, "the zone knows of no lock that stands");
            }

            var held = false;
            if (customers.Known(Name.Parse(request.Customer)) is { } refs)
            {
                var before = await refs.Key.Ask<KeyStatus>(reply => new CustomerKeyMessage.GetStatus(reply), KeyTimeout, cancellation);
                held = before.State is not (KeyState.Locked or KeyState.Unknown);
                await refs.Key.Ask<KeyStatus>(
                    reply => new CustomerKeyMessage.Lock("locked, a peer said", reply), KeyTimeout, cancellation);
            }

            return new Wire.WipeReply { Generation = state.LockGeneration, Held = held };
        }
        catch (ZoneRefusedException refused)
        {
            return ZoneRefusal.Refused(refused.Code, refused.Detail);
        }
        catch (ZoneUnavailableException)
        {
            return ZoneRefusal.Busy(Codes.ZoneUnavailable, "the credential zone does not answer");
        }
    }

    private static ZoneRefusal NotHere { get; } = ZoneRefusal.Refused(Codes.CustomerLocked, "this node does not hold the customer");

    private static ZoneRefusal ToRefusal(Refused refused) => refused.Code is Codes.Busy or Codes.ZoneUnavailable
        ? ZoneRefusal.Busy(refused.Code, refused.Detail)
        : ZoneRefusal.Refused(refused.Code, refused.Detail);

    private static Wire.TransferReply ToReply(SealedTransfer transfer)
    {
        var reply = new Wire.TransferReply
        {
            Intent = PeerWires.To(transfer.Intent),
            Sealed = UnsafeByteOperations.UnsafeWrap(transfer.Sealed),
            Head = PeerWires.To(transfer.Head),
        };
        if (transfer.HandOver is { } word)
        {
            reply.HandOver = PeerWires.To(word);
        }

        return reply;
    }

    private async Task<Result<ZoneWire.AppendTransferReply>> Append(
        CustomerRefs refs, OfferedTransfer offer, CancellationToken cancellation)
    {
        try
        {
            return await node.Zone.AppendTransferAsync(
                new ZoneWire.AppendTransferRequest
                {
                    Customer = refs.Customer.Value,
                    Fence = offer.Fence,
                    Record = UnsafeByteOperations.UnsafeWrap(offer.Record),
                },
                cancellation);
        }
        catch (ZoneRefusedException refused)
        {
            if (refused.Code == Codes.FenceStale)
            {
                refs.Key.Tell(new CustomerKeyMessage.Deposed(offer.Fence));
            }

            return new Refused(refused.Code, refused.Detail);
        }
        catch (ZoneUnavailableException)
        {
            return new Refused(Codes.ZoneUnavailable, "the credential zone does not answer; nothing was handed over");
        }
        catch (ZoneUnknownOutcomeException)
        {
            // An intent may stand of which nothing follows; a new request has a new one.
            return new Refused(Codes.OutcomeUnknown, "whether the intent is recorded is not known; nothing was handed over, ask again");
        }
    }
}
