using Broker.Cluster;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Dmz.Placement;
using Broker.Links.Peers;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Draining;

/// <summary>
/// Brings what a node owns to other holders before it leaves: one that holds a customer claims it; where none does, the first in order are
/// asked to have it handed over, each under the admission that it has. Tried again while somebody may still come to hold.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="customers">Its customers.</param>
/// <param name="stall">How long it goes on in vain; null: <see cref="Stall"/>.</param>
internal sealed class HandingOver(DmzContext node, CustomerRegistry customers, TimeSpan? stall = null)
{
    /// <summary>Nobody else takes part.</summary>
    public const string NobodyThere = "no-other-node";

    /// <summary>Whoever was asked holds it already, or said nothing else, and did not claim it all the same.</summary>
    public const string NotClaimed = "not-claimed";

    /// <summary>The time for giving over ended before anybody had taken it.</summary>
    public const string OutOfTime = "out-of-time";

    /// <summary>How long it goes on in vain: peers that start, or collect by tickets, come to hold within that.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(5);

    private const int AtOnce = 8;
    private const int MostAsked = 2;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<Name> _given = [];

    /// <summary>Has somebody hold each customer that is owned here, as far as that works at once.</summary>
    public async Task HaveHeld(DrainCompany company, CancellationToken budget)
    {
        var owned = Owned();
        var held = await Holdings(company, owned, budget);
        foreach (var some in owned.Where(c => !held.Values.Any(h => h.Contains(c.Customer.Value))).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(c => HaveHeld(c.Customer, company, budget)));
        }
    }

    /// <summary>Gives over all that is owned here.</summary>
    /// <returns>What nobody took.</returns>
    public async Task<IReadOnlyList<NotGivenOver>> Run(DrainCompany company, CancellationToken budget)
    {
        var moved = node.Time.GetTimestamp();
        while (true)
        {
            var owned = Owned();
            if (owned.Count == 0 && !IsHeir())
            {
                return [];
            }

            var left = company.Present.Count == 0
                ? [.. owned.Select(static c => new NotGivenOver(c.Customer, NobodyThere))]
                : await Round(owned, company, budget);
            node.Drain.Kept(left);
            if (left.Count < owned.Count)
            {
                moved = node.Time.GetTimestamp();
            }
            else if (company.Present.Count == 0 || node.Time.GetElapsedTime(moved) > (stall ?? Stall))
            {
                return left;
            }

            if (left.Count > 0 || owned.Count == 0)
            {
                await Task.Delay(Pause, node.Time, budget);
                company = await company.LookAgain(budget);
            }
        }
    }

    /// <summary>The time is over: what is owned here still stays, and is told.</summary>
    public void GiveUp()
    {
        var tried = node.Drain.State.Left.ToDictionary(static l => l.Customer);
        node.Drain.Kept([.. Owned().Select(c => tried.GetValueOrDefault(c.Customer) ?? new NotGivenOver(c.Customer, OutOfTime))]);
    }

    private List<CustomerRefs> Owned() =>
        [.. customers.All.Where(c => !_given.Contains(c.Customer) &&
            node.Held.Find(c.Customer) is { State: KeyState.Unlocked or KeyState.Claiming })];

    // A customer that is held here and whose owner is gone: this node may be the one to claim it.
    private bool IsHeir() => node.Held.All.Any(h => h is { State: KeyState.Holding, Owner: { } owner } && node.Peers.Pulses.IsGone(owner));

    private async Task<List<NotGivenOver>> Round(List<CustomerRefs> owned, DrainCompany company, CancellationToken budget)
    {
        var held = await Holdings(company, owned, budget);
        var left = new List<NotGivenOver>();
        foreach (var some in owned.Chunk(AtOnce))
        {
            var codes = await Task.WhenAll(some.Select(c => GiveOver(c, company, held, budget)));
            for (var i = 0; i < some.Length; i++)
            {
                if (codes[i] is { } code)
                {
                    left.Add(new NotGivenOver(some[i].Customer, code));
                }
                else
                {
                    _given.Add(some[i].Customer);
                    node.Drain.Gave(some[i].Customer);
                }
            }
        }

        return left;
    }

    /// <summary>Null where another node owns it now.</summary>
    private static async Task<string?> GiveOver(
        CustomerRefs refs, DrainCompany company, Dictionary<Name, HashSet<string>> held, CancellationToken budget)
    {
        var order = Order(refs.Customer, company);
        var holders = order.Where(c => held.GetValueOrDefault(c.Peer.Node)?.Contains(refs.Customer.Value) == true).ToList();
        string? code = null;
        if (holders.Count == 0)
        {
            (var taker, code) = await HaveHeld(refs.Customer, company, budget);
            holders = taker is null ? [] : [taker];
        }

        foreach (var holder in holders)
        {
            if (await PeerDeparture.GiveOver(refs, holder.Peer, holder.Incarnation, holdsOn: false, budget, company))
            {
                return null;
            }
        }

        return code ?? NotClaimed;
    }

    private static async Task<(Companion? Taker, string? Code)> HaveHeld(Name customer, DrainCompany company, CancellationToken budget)
    {
        var code = NobodyThere;
        foreach (var companion in Order(customer, company).Take(MostAsked))
        {
            var answer = await company.Ask(
                companion.Peer,
                limit => companion.Peer.CallAsync(PeerOperations.Hold, new Wire.HoldRequest { Customer = customer.Value }, limit), budget);
            if (answer.Code is null)
            {
                return (companion, null);
            }

            code = answer.Code;
        }

        return (null, code);
    }

    // In the order in which the others would claim it, so that it does not move again.
    private static List<Companion> Order(Name customer, DrainCompany company)
    {
        var present = company.Present;
        return [.. Rendezvous.Order(customer, present.Select(static c => new Member(c.Peer.Node, c.Peer.Address, c.Incarnation, "")))
            .Select(m => present.First(c => c.Peer.Node == m.Node))];
    }

    private async Task<Dictionary<Name, HashSet<string>>> Holdings(
        DrainCompany company, List<CustomerRefs> owned, CancellationToken budget)
    {
        var held = new Dictionary<Name, HashSet<string>>();
        foreach (var companion in company.Present)
        {
            var all = held[companion.Peer.Node] = [];
            foreach (var some in owned.Chunk(PeerService.MaxHoldings))
            {
                all.UnionWith(PeerHoldings.Held(
                    await PeerHoldings.Ask(node, companion.Peer.Node, some.Select(static c => c.Customer), budget)));
            }
        }

        return held;
    }
}
