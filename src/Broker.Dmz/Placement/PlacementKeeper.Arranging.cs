using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Placement;

/// <summary>
/// Order: an owner gives way to the first in order once that one holds, at most once a customer in the interval; a holder that is none of
/// those that should hold wipes once all of them do. Nothing of it happens while the view is not vouched for.
/// </summary>
internal sealed partial class PlacementKeeper
{
    private readonly Dictionary<Name, long> _moves = [];

    /// <summary>Whether something was moved, so that more may be waiting.</summary>
    private async Task<bool> Arrange()
    {
        foreach (var (customer, _) in _moves.Where(m => node.Time.GetElapsedTime(m.Value) > options.MoveInterval).ToList())
        {
            _moves.Remove(customer);
        }

        var settled = node.Held.All.Where(h => node.Time.GetElapsedTime(h.Since) > options.MoveInterval && !_moves.ContainsKey(h.Customer))
            .Select(h => (Held: h, Places: Places.Holders(h.Customer, _view, options.Holders)))
            .Where(h => h.Held.State == KeyState.Unlocked ? h.Places[0] != node.Node
                : h.Held.State == KeyState.Holding && !h.Places.Contains(node.Node))
            .Take(PeerService.MaxHoldings).ToList();
        if (settled.Count == 0)
        {
            return false;
        }

        var holding = await Ask(settled.Select(static s => (s.Held.Customer, s.Places)).ToList());
        foreach (var (held, places) in settled.Where(static s => s.Held.State == KeyState.Holding))
        {
            Spare(held.Customer, places, holding);
        }

        // A few at a time: meanwhile nobody looks whose owner is gone.
        var moves = settled.Where(s => s.Held.State == KeyState.Unlocked && holding[s.Places[0]].Contains(s.Held.Customer.Value))
            .Take(MostAtOnce).ToList();
        await Task.WhenAll(moves.Select(m => Move(m.Held.Customer, m.Places[0])));
        return moves.Count > 0;
    }

    /// <summary>What the others hold of some customers. One that does not answer is not waited for: claims would wait with it.</summary>
    private async Task<Dictionary<Name, HashSet<string>>> Ask(List<(Name Customer, IReadOnlyList<Name> Places)> customers)
    {
        var others = customers.SelectMany(static c => c.Places).Distinct().Where(n => n != node.Node).ToList();
        var held = await Task.WhenAll(others.Select(async peer => node.Peers.Pulses.Answers(peer)
            ? await PeerHoldings.Ask(
                node, peer, customers.Where(c => c.Places.Contains(peer)).Select(static c => c.Customer), Context.Stopping,
                HoldingsPatience)
            : null));
        return others.Zip(held).ToDictionary(static o => o.First, static o => PeerHoldings.Held(o.Second));
    }

    private void Spare(Name customer, IReadOnlyList<Name> places, Dictionary<Name, HashSet<string>> holding)
    {
        if (places.Count >= options.Holders && places.All(p => holding[p].Contains(customer.Value)) &&
            customers.Known(customer) is { } refs && node.Held.Find(customer)?.State == KeyState.Holding)
        {
            Log.Spared(log, customer, places.Count);
            refs.Key.Tell(new CustomerKeyMessage.Spare());
        }
    }

    private async Task Move(Name customer, Name first)
    {
        _moves[customer] = node.Time.GetTimestamp();
        if (customers.Known(customer) is { } refs && node.Peers.Find(first) is { } peer &&
            (await PeerProbe.Look(node, peer, Context.Stopping)).Value is { } there &&
            await PeerDeparture.GiveOver(refs, peer, there.Key.Fingerprint, holdsOn: true, Context.Stopping))
        {
            Log.Moved(log, customer, first);
        }
    }
}
