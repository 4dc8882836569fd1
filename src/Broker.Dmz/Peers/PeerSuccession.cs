using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Broker.Secrets;

namespace Broker.Dmz.Peers;

/// <summary>A successor collects what its predecessor held, ticket by ticket, until each customer has come from one holder.</summary>
internal sealed class PeerSuccession(DmzContext node, PeerFetcher fetcher)
{
    /// <summary>Presents the tickets.</summary>
    /// <param name="key">Their key.</param>
    /// <param name="drawn">The tickets.</param>
    /// <param name="reach">The way to the holder of a ticket.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The customers that are held here now.</returns>
    public async Task<IReadOnlySet<Name>> Collect(
        TicketKey key, DrawnTickets drawn, Func<DrawnTicket, PeerCaller> reach, CancellationToken cancellation)
    {
        var got = new HashSet<Name>();
        foreach (var one in drawn.Tickets)
        {
            try
            {
                var ticket = one.Ticket.Read<DrainTicket>();
                if (!got.Contains(ticket.Customer) && ticket.Node == node.Node && (await fetcher.Fetch(
                    ticket.Customer, reach(one), Admission.Of(ticket, one.Ticket.Signature), key, cancellation)).Code is null)
                {
                    got.Add(ticket.Customer);
                }
            }
            catch (MalformedException)
            {
                // The next one may be good.
            }
        }

        return got;
    }
}
