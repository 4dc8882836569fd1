using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Node;
using Broker.Links.Peers;
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
/// <param name="own">
/// The address at which a successor on this machine reaches this node's peer listener; null where it comes when this node is gone.
/// </param>
internal sealed class PeerDrain(DmzContext node, CustomerRegistry customers, Uri? own)
{
    private const int AtOnce = 16;

    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Draws a ticket for each customer that is held here, from each holder that gives one.</summary>
    public async Task<DrawnTickets> Draw(TicketKey key, CancellationToken cancellation, DrainCompany? company = null)
    {
        company ??= await DrainCompany.Look(node, cancellation);
        var drawn = new List<DrawnTicket>();
        foreach (var some in customers.All.Chunk(AtOnce))
        {
            foreach (var tickets in await Task.WhenAll(some.Select(refs => Draw(refs, company, key.Public, cancellation))))
            {
                drawn.AddRange(tickets);
            }
        }

        return new DrawnTickets([.. drawn.Take(DrawnTickets.Max)]);
    }

    private async Task<IReadOnlyList<DrawnTicket>> Draw(
        CustomerRefs refs, DrainCompany company, PublicKey key, CancellationToken cancellation)
    {
        var drawn = new List<DrawnTicket>();
        if (own is not null && await Draw(refs, null, node.Incarnation.Key.Fingerprint, key, company, cancellation) is { } mine)
        {
            drawn.Add(new DrawnTicket(own.AbsoluteUri, mine));
        }

        foreach (var (peer, incarnation) in company.Present)
        {
            if (await Draw(refs, peer, incarnation, key, company, cancellation) is { } ticket)
            {
                drawn.Add(new DrawnTicket(peer.Address.AbsoluteUri, ticket));
            }
        }

        return drawn;
    }

    private static async Task<Signed?> Draw(
        CustomerRefs refs, PeerCaller? peer, Digest incarnation, PublicKey key, DrainCompany company, CancellationToken cancellation)
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

            var wire = new Wire.DrawTicketRequest { Customer = refs.Customer.Value, Request = PeerWires.To(request) };
            var reply = await company.Ask(peer, limit => peer.DrawTicketAsync(wire, limit), cancellation);
            return reply.Value is { } drawn ? PeerWires.From(drawn.Ticket) : null;
        }
        catch (Exception problem) when (
            problem is MalformedException or AskTimeoutException or ActorBusyException or ActorStoppedException)
        {
            // One holder fewer; the successor has the tickets of the others, or needs two people.
            return null;
        }
    }
}
