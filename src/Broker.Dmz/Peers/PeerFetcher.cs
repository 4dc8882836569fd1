using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Wire = Broker.Protocol.Wire.Peer;
using ZoneWire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Peers;

/// <summary>Brings a customer's secret from a holder to this node's key actor. It sees ciphertext only.</summary>
internal sealed class PeerFetcher(DmzContext node, CustomerRegistry customers, ILogger log)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Asks one holder for one customer.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="holder">The holder.</param>
    /// <param name="admission">Why this incarnation may have it.</param>
    /// <param name="ticketKey">The key of a ticket; null for other admissions.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The state in which the customer's key is then: held, or owned where the holder drains.</returns>
    public async Task<Result<KeyStatus>> Fetch(
        Name customer, PeerCaller holder, Admission admission, TicketKey? ticketKey, CancellationToken cancellation)
    {
        var result = await TryFetch(customer, holder, admission, ticketKey, cancellation);
        if (result.Code is { } code)
        {
            TransferLog.NotFetched(log, customer, holder.Node, code);
        }

        return result;
    }

    /// <summary>As <see cref="Fetch"/>, of which the log says nothing.</summary>
    public async Task<Result<KeyStatus>> TryFetch(
        Name customer, PeerCaller holder, Admission admission, TicketKey? ticketKey, CancellationToken cancellation)
    {
        try
        {
            var found = await PeerProbe.Look(node, holder, cancellation);
            if (found.Value is not { } there)
            {
                return found.ToRefused();
            }

            var state = await node.Zone.GetCustomerAsync(new ZoneWire.GetCustomerRequest { Customer = customer.Value }, cancellation);
            var epoch = WireSigned.From(state.Custody).Read<CustodyRecord>().Epoch;
            var refs = await customers.Find(customer, exists: true);
            if (refs.Value is not { } own)
            {
                return refs.ToRefused();
            }

            var requested = await own.Key.Ask<Result<Signed>>(
                reply => new CustomerKeyMessage.RequestTransfer(there.Key.Fingerprint, epoch, admission.Hash(), reply), KeyTimeout,
                cancellation);
            if (requested.Value is not { } request)
            {
                return requested.ToRefused();
            }

            var answer = await holder.TransferAsync(ToWire(customer, request, admission, ticketKey), cancellation);
            var transfer = new SealedTransfer(
                PeerWires.From(answer.Intent), answer.Sealed.Memory, PeerWires.From(answer.Head),
                answer.HandOver is null ? null : PeerWires.From(answer.HandOver));
            return await own.Key.Ask<Result<KeyStatus>>(
                reply => new CustomerKeyMessage.TakeTransfer(transfer, reply), KeyTimeout, cancellation);
        }
        catch (ZoneRefusedException refused)
        {
            return new Refused(refused.Code, refused.Detail);
        }
        catch (ZoneException problem)
        {
            return new Refused(problem.Code, "the holder, or the zone, does not answer; ask again");
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }
        catch (AskTimeoutException)
        {
            return new Refused(Codes.TimedOut, "the customer's key is busy; ask again");
        }
        catch (ActorBusyException)
        {
            return new Refused(Codes.Busy, "the customer's key is busy; ask again");
        }
    }

    private Wire.TransferRequest ToWire(Name customer, Signed request, Admission admission, TicketKey? ticketKey)
    {
        var wire = new Wire.TransferRequest
        {
            Customer = customer.Value,
            Request = PeerWires.To(request),
            Incarnation = PeerWires.To(node.Incarnation.Statement),
            Admission = ByteString.CopyFrom(admission.Encode()),
            TicketSignature = ticketKey is null ? ByteString.Empty : ByteString.CopyFrom(ticketKey.Sign(request)),
        };
        wire.Certificates.AddRange(node.Incarnation.Certificates.Select(c => UnsafeByteOperations.UnsafeWrap(c)));
        return wire;
    }
}
