using System.Collections.Concurrent;
using Broker.Actors;
using Broker.Cluster;
using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Placement;

/// <summary>
/// Owners that are gone: the first in order among those who hold claims at once, the next ones when those before them do not answer, do not
/// hold, or have not claimed in their time. Neither membership nor anybody's leave is needed for it.
/// </summary>
internal sealed partial class PlacementKeeper
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    // A node of which this one knows no address may well live.
    private static readonly TimeSpan Stranger = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Strife = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan MaxStrife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(30);

    // Who answers has to know at once what it holds, and a customer that waits for its owner waits for this.
    private static readonly TimeSpan HoldingsPatience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Name, Orphan> _orphans = new();
    private readonly Queue<Name> _stale = [];

    private bool IsOrphan(HeldCustomer held) => held is { State: KeyState.Holding, Owner: { } owner } && IsGone(owner);

    // Of an earlier start of this very node, and of a node that this one does not know, nobody can say more.
    private bool IsGone(CustomerOwner owner) =>
        owner.Incarnation != node.Incarnation.Key.Fingerprint &&
        (owner.Node == node.Node || node.Peers.Find(owner.Node) is null || node.Peers.Pulses.IsGone(owner));

    /// <summary>
    /// A holder looks at the zone now and then, and may not have seen yet that the customer went to a node that is gone now: it looks
    /// again.
    /// </summary>
    private void LookAgain(Name gone)
    {
        _stale.Clear();
        foreach (var held in node.Held.All.Where(h => h.State == KeyState.Holding && h.Owner?.Node != gone && !IsOrphan(h)))
        {
            _stale.Enqueue(held.Customer);
        }

        LookAtStale();
    }

    private void LookAtStale()
    {
        for (var asked = 0; asked < MostAtOnce && _stale.TryDequeue(out var customer); asked++)
        {
            if (node.Held.Find(customer) is { State: KeyState.Holding } && customers.Known(customer) is { } refs)
            {
                refs.Key.Tell(new CustomerKeyMessage.HoldCheck(null));
            }
        }
    }

    // It claims nothing any more, so nobody waits for it to.
    private bool IsLeaving(Name peer) => node.Peers.Live.Of(peer) is { } lives && node.Peers.IsLeaving(peer, lives);

    private async Task ClaimOrphans()
    {
        var orphans = node.Held.All.Where(IsOrphan).ToDictionary(static h => h.Customer);
        foreach (var (customer, orphan) in _orphans)
        {
            // Its owner is back, or is another one that is gone too.
            if (orphans.GetValueOrDefault(customer)?.Owner!.Fence != orphan.Fence)
            {
                _orphans.TryRemove(customer, out _);
            }
        }

        if (orphans.Count == 0)
        {
            return;
        }

        await Notice([.. orphans.Values.Where(o => !_orphans.ContainsKey(o.Customer)).Take(Peers.PeerService.MaxHoldings)]);
        var now = node.Time.GetTimestamp();
        var due = _orphans.Where(o => o.Value.Due <= now).OrderBy(static o => o.Value.Due).Select(static o => o.Key).ToList();
        foreach (var batch in due.Chunk(MostAtOnce))
        {
            await Task.WhenAll(batch.Select(c => Claim(orphans[c])));
        }
    }

    /// <summary>When each is this node's turn: at once, unless one before it answers and holds it too.</summary>
    private async Task Notice(IReadOnlyList<HeldCustomer> orphans)
    {
        var members = Members();
        var before = orphans.ToDictionary(
            static o => o.Customer,
            o => Places.Before(o.Customer, node.Node, o.Owner!.Node, members)
                .Where(n => !node.Peers.Pulses.IsSilent(n) && !IsLeaving(n)).ToList());
        var holding = new Dictionary<Name, HashSet<string>>();
        await Task.WhenAll(before.Values.SelectMany(static b => b).Distinct().ToList().Select(async peer =>
        {
            var asked = before.Where(b => b.Value.Contains(peer)).Select(static b => b.Key);
            var held = PeerHoldings.Held(await PeerHoldings.Ask(node, peer, asked, Context.Stopping, HoldingsPatience));
            lock (holding)
            {
                holding[peer] = held;
            }
        }));
        var now = node.Time.GetTimestamp();
        foreach (var (customer, peers) in before)
        {
            var place = peers.Count(p => holding[p].Contains(customer.Value));
            var orphan = orphans.First(o => o.Customer == customer);
            _orphans[customer] = new Orphan(orphan.Owner!.Fence, Later(now, Patience(orphan, place)), 0, place);
        }
    }

    /// <summary>
    /// How long to wait before a claim. Two nodes that reach the zone and not each other would take a customer from each other for ever:
    /// so who was overtaken waits, longer each time, unless it is plain that the other is gone.
    /// </summary>
    private TimeSpan Patience(HeldCustomer held, int place)
    {
        var owner = held.Owner!.Node;
        var strife = held.Overtaken > 0 && node.Peers.Pulses.MayLive(owner)
            ? TimeSpan.FromTicks(Math.Min(Strife.Ticks << Math.Min(held.Overtaken - 1, 10), MaxStrife.Ticks))
            : TimeSpan.Zero;
        return (node.Peers.Find(owner) is null ? Stranger : place * Turn) + strife;
    }

    private async Task Claim(HeldCustomer held)
    {
        var (owner, orphan) = (held.Owner!, _orphans[held.Customer]);
        if (customers.Known(held.Customer) is not { } refs)
        {
            return;
        }

        string? code;
        try
        {
            code = (await refs.Key.Ask<Result<KeyStatus>>(
                reply => new CustomerKeyMessage.TakeOver(null, reply, owner.Fence), KeyTimeout, Context.Stopping)).Code;
        }
        catch (Exception problem) when (problem is AskTimeoutException or ActorBusyException)
        {
            code = Codes.Busy;
        }

        if (code is null)
        {
            Log.Claimed(log, held.Customer, owner.Node, orphan.Place + 1);
            return;
        }

        Log.NotClaimed(log, held.Customer, owner.Node, code);
        var wait = TimeSpan.FromTicks(Math.Min(Backoff.Ticks << Math.Min(orphan.Attempts, 10), MaxBackoff.Ticks));
        _orphans[held.Customer] = orphan with { Due = Later(node.Time.GetTimestamp(), wait), Attempts = orphan.Attempts + 1 };
    }

    /// <summary>All peers, whether they are in the view now or not: who does not answer is passed over anyway.</summary>
    private IEnumerable<Member> Members() => _view.Members
        .Concat(node.Peers.Others.Select(static p => new Member(p.Node, p.Address, default, "")))
        .Append(new Member(node.Node, new Uri("https://localhost"), default, ""))
        .DistinctBy(static m => m.Node);

    private long Later(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * node.Time.TimestampFrequency);

    /// <param name="Fence">Of the owner that is gone.</param>
    /// <param name="Due">Timestamp of the node's clock from which this node claims.</param>
    /// <param name="Attempts">Claims that failed.</param>
    /// <param name="Place">How many who hold it too come before this node.</param>
    private sealed record Orphan(ulong Fence, long Due, int Attempts, int Place);
}
