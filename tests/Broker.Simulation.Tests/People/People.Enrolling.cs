using Broker.Dmz.Customers;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Statements;

namespace Broker.Simulation.Tests;

/// <content>Enrolment.</content>
internal sealed partial class People
{
    private const int MostTries = 12;

    private readonly List<Making> _makings = [];

    /// <summary>The making of custody that the zone has: which of them that is, is known when it says so.</summary>
    public Making? TheMaking => _world.Oracle.Customer(Customer) is { } customer ? MakingOf(customer.SignedCustody) : null;

    /// <summary>Whether the zone is known to have the customer.</summary>
    public bool IsEnrolled => _world.Oracle.Customer(Customer) is not null;

    /// <summary>What holders were given with this custody record; null where nobody was.</summary>
    public Making? MakingOf(Signed custody) => _makings.Find(m => m.Signed.Statement.Span.SequenceEqual(custody.Statement.Span));

    /// <summary>The making with that splitting, or that wrap.</summary>
    public Making? MakingOf(string split) => _makings.Find(m => m.Custody.Ways.Any(w => w.Split.ToString() == split));

    /// <summary>Whether all holders of one custody of this identity have confirmed it.</summary>
    public bool IsConfirmed(ReadOnlySpan<byte> identity)
    {
        foreach (var making in _makings)
        {
            if (making.IsConfirmed && making.Custody.Identity.Bytes.Span.SequenceEqual(identity))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Enrols the customer, again and again until the zone has it; then sees to it that it is unlocked.</summary>
    public async Task Enrol()
    {
        for (var tries = 0; tries < MostTries && !IsEnrolled; tries++)
        {
            try
            {
                await TryEnrol(_cluster.Active);
            }
            catch (Exception problem) when (problem is ZoneException or Actors.ActorException or GoneException)
            {
                await Pause(300);
            }
        }
    }

    private async Task TryEnrol(int index)
    {
        var node = Node(index);
        if (await State(node) is not null)
        {
            return;
        }

        var asked = _cluster.HasPeers
            ? Ways(_choices.Below(1 << 16))
            : new AskedWays([CustodyWay.OfShares(2, [.. _custodians.Select((c, i) => Named($"custodian-{i + 1}", c))])], _custodians, null);
        IReadOnlyList<NamedKey> administrators =
            [.. new[] { Alice, Bob }.Where(_users.ContainsKey).Select(name => Named(name.Value, _users[name]))];
        var plan = new EnrolmentPlan(
            _installation.Cluster, Customer, node.Node.Incarnation.Key.Fingerprint, asked.Ways, OneWayOnly: true, administrators,
            (uint)administrators.Count, _process.Time.GetUtcNow() + TimeSpan.FromMinutes(10)).Encode();
        var signed = new Signed(plan, Installation.Sign(_world, _installation.Console, plan));
        var refs = (await Of(node, async () => await node.Customers.Find(Customer, exists: false))).Value ?? throw new GoneException();
        var enrolled = await Of(node, () => refs.Key.Ask<Result<EnrolledModel>>(
            r => new CustomerKeyMessage.Enrol(signed, [.. _installation.Console.ChainDer.Select(static c => c.ToArray())], r), Patience));
        if (enrolled.Value is not { } model)
        {
            await Pause(300);
            return;
        }

        if (await Confirm(node, refs, Keep(model, asked), leaveOut: 0))
        {
            await UntilUnlocked(node, TimeSpan.FromSeconds(8));
        }
    }

    private Making Keep(EnrolledModel model, AskedWays asked)
    {
        var making = new Making(model, asked.Custodians, asked.Safe);
        _makings.Add(making);
        return making;
    }

    // Every holder, or every one but the last, opens what was sealed to them, and answers the node's challenge with it.
    private async Task<bool> Confirm(DmzProcess node, CustomerRefs refs, Making making, int leaveOut)
    {
        foreach (var share in making.Model.Shares.SkipLast(making.Model.Wraps.Count > 0 ? 0 : leaveOut))
        {
            using var opened = making.Open(share.Index);
            if (!await Confirm(node, refs, making, "shares", share.Index, opened.Confirm(making.Model.Challenge)))
            {
                return false;
            }
        }

        foreach (var wrap in making.Model.Wraps.SkipLast(leaveOut))
        {
            using var opened = making.OpenWrap();
            if (!await Confirm(node, refs, making, wrap.Way, 0, opened.Confirm(making.Model.Challenge)))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> Confirm(DmzProcess node, CustomerRefs refs, Making making, string way, uint index, byte[] answer)
    {
        making.Confirmed++;
        var confirmed = await Of(node, () => refs.Key.Ask<Result<KeyStatus>>(
            r => new CustomerKeyMessage.Confirm(way, index, answer, r), Patience));
        return confirmed.Value is not null;
    }
}
