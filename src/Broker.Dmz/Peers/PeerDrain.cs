using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <summary>
/// A node that drains draws tickets for its successor: from itself, where it lives until that one has come, and from the other
/// holders. Nothing secret passes a link; the tickets' key is the caller's to hand on.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="customers">Its customers.</param>
/// <param name="own">The address at which a successor on this machine reaches this node's peer listener.</param>
internal sealed class PeerDrain(DmzContext node, CustomerRegistry customers, Uri own)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Draws a ticket for each customer that is held here, from each holder that gives one.</summary>
    public async Task<DrawnTickets> Draw(TicketKey key, CancellationToken cancellation)
    {
        var holders = new List<(PeerCaller? Peer, Digest Incarnation)> { (null, node.Incarnation.Key.Fingerprint) };
        foreach (var peer in node.Peers.Others)
        {
            if ((await PeerProbe.Look(node, peer, cancellation)).Value is { } there)
            {
                holders.Add((peer, there.Key.Fingerprint));
            }
        }

        var drawn = new List<DrawnTicket>();
        foreach (var refs in customers.All)
        {
            foreach (var (peer, incarnation) in holders)
            {
                if (await Draw(refs, peer, incarnation, key.Public, cancellation) is { } ticket)
                {
                    drawn.Add(new DrawnTicket((peer?.Address ?? own).AbsoluteUri, ticket));
                }
            }
        }

        return new DrawnTickets(drawn);
    }

    private static async Task<Signed?> Draw(
        CustomerRefs refs, PeerCaller? peer, Digest incarnation, PublicKey key, CancellationToken cancellation)
    {
        try
        {
            var asked = await refs.Key.Ask<Result<Signed>>(
                reply => new CustomerKeyMessage.AskTicket(key, incarnation, reply), KeyTimeout, cancellation);
            if (asked.Value is not { } request)
            {
                return null;
            }

            if (peer is null)
            {
                return (await refs.Key.Ask<Result<Signed>>(
                    reply => new CustomerKeyMessage.DrawTicket(request, reply), KeyTimeout, cancellation)).Value;
            }

            var reply = await peer.DrawTicketAsync(
                new Wire.DrawTicketRequest { Customer = refs.Customer.Value, Request = PeerWires.To(request) }, cancellation);
            return PeerWires.From(reply.Ticket);
        }
        catch (Exception problem) when (problem is ZoneException or MalformedException or AskTimeoutException)
        {
            // One holder fewer; the successor has the tickets of the others, or needs two people.
            return null;
        }
    }
}
