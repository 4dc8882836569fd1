using Broker.Actors;
using Broker.Cluster;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <summary>A node that stops has other holders claim what it owns, so that nothing waits for its absence to be noticed.</summary>
internal sealed class PeerDeparture(DmzContext node, CustomerRegistry customers)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Gives over each customer that is owned here to the first peer that holds it.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="patience">How long a peer may take for one thing; null: <see cref="DrainCompany.Patience"/>.</param>
    /// <returns>The customers that another node owns now.</returns>
    public async Task<IReadOnlyList<Name>> GiveOver(CancellationToken cancellation, TimeSpan? patience = null)
    {
        var company = await DrainCompany.Look(node, cancellation, patience);
        var given = new List<Name>();
        foreach (var refs in customers.All)
        {
            // In the order in which the others would claim it, so that it does not move again.
            var others = company.Present;
            var order = Rendezvous.Order(
                refs.Customer, others.Select(static o => new Member(o.Peer.Node, o.Peer.Address, o.Incarnation, "")));
            foreach (var member in order)
            {
                var (peer, incarnation) = others.First(o => o.Peer.Node == member.Node);
                if (await GiveOver(refs, peer, incarnation, holdsOn: false, cancellation, company))
                {
                    given.Add(refs.Customer);
                    break;
                }
            }
        }

        return given;
    }

    /// <summary>Has one holder claim one customer that is owned here.</summary>
    /// <param name="refs">The customer.</param>
    /// <param name="peer">The holder.</param>
    /// <param name="incarnation">Its start.</param>
    /// <param name="holdsOn">Whether this node stays a holder.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="company">Who is not waited for any more; null: this one is waited for.</param>
    /// <returns>Whether it owns the customer now.</returns>
    public static async Task<bool> GiveOver(
        CustomerRefs refs, PeerCaller peer, Digest incarnation, bool holdsOn, CancellationToken cancellation, DrainCompany? company = null)
    {
        try
        {
            var said = await refs.Key.Ask<Result<Signed>>(
                reply => new CustomerKeyMessage.Yield(peer.Node, incarnation, reply, holdsOn), KeyTimeout, cancellation);
            if (said.Value is not { } word)
            {
                return false;
            }

            var request = new Wire.TakeOverRequest { Customer = refs.Customer.Value, HandOver = PeerWires.To(word) };
            if (company is not null)
            {
                return (await company.Ask(peer, limit => peer.TakeOverAsync(request, limit), cancellation)).Code is null;
            }

            await peer.TakeOverAsync(request, cancellation);
            return true;
        }
        catch (Exception problem) when (
            problem is ZoneException or AskTimeoutException or ActorBusyException or ActorStoppedException)
        {
            // That one does not hold it, or does not answer, or the key here has no time for it; whoever holds it claims later.
            return false;
        }
    }
}
