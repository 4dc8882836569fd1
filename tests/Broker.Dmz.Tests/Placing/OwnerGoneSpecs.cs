using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Forwarding;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Placing;

/// <summary>An owner that is gone, or seems to be: one holder claims, nothing is opened twice, and what was open ends.</summary>
public sealed class OwnerGoneSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task The_first_holder_in_order_should_claim_alone()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var before = await p.Fence();
        var order = p.Order(p.F.Owner);
        await p.StartPlacement(order);

        await p.F.Owner.StopListening();

        await p.Until(order[0], KeyState.Unlocked);
        Assert.Equal(before + 1, await p.Fence());
        Assert.Equal(KeyState.Holding, (await (await p.At(order[1])).Status()).State);
        p.F.Agent.MoveTo(await p.At(order[0]));
        await p.F.Agent.Connect();
        await TransferFixture.ShouldHandOff(await p.At(order[0]), p.F.Agent);
    }

    [Fact]
    public async Task A_later_holder_should_claim_when_those_before_it_do_not_answer()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var order = p.Order(p.F.Owner);
        await p.StartPlacement(order[1]);

        await p.F.Owner.StopListening();
        await order[0].StopListening();

        await p.Until(order[1], KeyState.Unlocked);
    }

    [Fact]
    public async Task A_later_holder_should_claim_when_the_one_before_it_does_not()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var order = p.Order(p.F.Owner);
        await p.StartPlacement(order[1]);

        await p.F.Owner.StopListening();

        await p.Until(order[1], KeyState.Unlocked);
    }

    [Fact]
    public async Task An_owner_that_was_overtaken_by_a_peer_should_hold_on_and_not_take_it_back()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var order = p.Order(p.F.Owner);
        await p.StartPlacement(order);
        await p.F.Owner.StopListening();
        await p.Until(order[0], KeyState.Unlocked);
        var fence = await p.Fence();

        // It wakes, and does what it did before.
        var refused = await p.F.Customer.Submit(
            p.F.Customer.Request(UserAction.PutPolicy, p.F.Customer.Policy("p", ["x"])), UserAction.PutPolicy);

        Assert.Equal(Codes.FenceStale, refused.Code);
        await p.F.Customer.Until(s => s.State == KeyState.Holding);
        for (var again = 0; again < 5; again++)
        {
            Assert.Equal(TransferCodes.NotOwner, (await p.F.Customer.Submit(
                p.F.Customer.Request(UserAction.PutPolicy, p.F.Customer.Policy("p", ["x"])), UserAction.PutPolicy)).Code);
        }

        Assert.Equal(fence, await p.Fence());
        Assert.Equal(KeyState.Unlocked, (await (await p.At(order[0])).Status()).State);
    }

    [Fact]
    public async Task An_owner_that_was_overtaken_should_not_fight_one_that_it_only_does_not_reach()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var (owner, other) = (p.F.Owner.Node, p.F.Other.Node.Node);
        await (await p.At(p.F.Other)).Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        await p.F.Customer.Submit(
            p.F.Customer.Request(UserAction.PutPolicy, p.F.Customer.Policy("p", ["x"])), UserAction.PutPolicy);
        await p.F.Customer.Until(s => s.State == KeyState.Holding);
        var fence = await p.Fence();
        Assert.Equal(1, owner.Held.Find(p.F.Customer.Name)!.Overtaken);

        // From now on dmz-1 reaches the zone and not dmz-2.
        p.F.Owner.Replace(new SilentPeer(other));
        p.F.Owner.Replace(new SilentPeer(p.Third.Node.Node));
        await p.StartPlacement(p.F.Owner);
        await p.Until(() => owner.Peers.Pulses.MayLive(other), "dmz-2 does not answer");
        await p.Until(() => owner.Owners.IsSilent(other), "who owns is looked up");
        world.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((KeyState.Holding, fence), ((await p.F.Customer.Status()).State, await p.Fence()));

        world.Time.Advance(TimeSpan.FromSeconds(10));
        await p.F.Customer.Until(s => s.State == KeyState.Unlocked);
        Assert.Equal(fence + 1, await p.Fence());
    }

    [Fact]
    public async Task An_owner_that_wakes_should_open_nothing_of_what_it_had_begun()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var launch = p.F.Customer.Launch();
        var released = await p.F.Customer.Release(launch);
        var there = await p.At(p.Order(p.F.Owner)[0]);
        var claimed = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        Assert.Equal(KeyState.Unlocked, claimed.Value?.State);

        // What the zone released before is still in the hands of the one that slept; the agent goes to the new owner.
        p.F.Agent.MoveTo(there);
        await p.F.Agent.Connect();
        p.F.Customer.BeginSeal(launch, released);

        // It counts as sealed, so the agent is asked; who bars it opens it in no session.
        var (seen, _) = await p.F.Agent.Receive();
        Assert.Equal((MessageType.Seen, HandOffId.Of(launch.Hash, p.F.Agent.Name)), (seen.Type, seen.HandOff));
        p.F.Agent.Tell(p.F.Agent.Report(MessageType.Barred, seen.HandOff, seen.Attempt));
        Assert.Equal(HandOffState.NotSent, (await Ended(p, seen.HandOff)).State);
        Assert.False(p.F.Agent.TryFrame(out _));
    }

    [Fact]
    public async Task A_claim_of_a_customer_that_somebody_else_has_claimed_meanwhile_should_not_be_made()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var there = await p.F.Other.At(p.F.Customer);
        var fence = await p.Fence();

        var late = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r, fence - 1));

        Assert.Equal(Codes.FenceStale, late.Code);
        Assert.Equal((KeyState.Holding, fence), ((await there.Status()).State, await p.Fence()));
        Assert.Equal(fence + 1, (await there.Ask<Result<KeyStatus>>(
            r => new CustomerKeyMessage.TakeOver(null, r, fence))).Value?.Fence);
    }

    [Fact]
    public async Task A_claim_while_the_holder_looks_at_the_zone_should_stand()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var there = await p.At(p.F.Other);

        there.Refs.Key.Tell(new CustomerKeyMessage.HoldCheck(null));
        var claimed = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));

        Assert.Equal(KeyState.Unlocked, claimed.Value?.State);
        there.Refs.Key.Tell(new CustomerKeyMessage.HoldCheck(null));
        Assert.Equal(KeyState.Unlocked, (await there.Status()).State);
    }

    [Fact]
    public async Task A_holder_that_has_not_heard_who_owns_now_should_look_when_a_peer_goes()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        await (await p.At(p.F.Other)).Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        Assert.Equal(p.F.Owner.Node.Node, p.Third.Node.Held.Find(p.F.Customer.Name)!.Owner!.Node);
        await p.StartPlacement(p.Third);
        await p.Until(() => p.Third.Node.Peers.Pulses.Answers(p.F.Other.Node.Node), "dmz-2 answers");

        await p.F.Other.StopListening();

        await p.Until(p.Third, KeyState.Unlocked);
    }

    [Fact]
    public async Task What_a_gone_owner_had_open_should_end_at_the_next_one()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var opened = p.F.Customer.Launch();
        p.F.Customer.BeginSeal(opened, await p.F.Customer.Release(opened));
        var (header, _) = await p.F.Agent.Receive();
        var unseen = p.F.Customer.Launch();
        await p.F.Customer.Release(unseen);
        var there = await p.At(p.Order(p.F.Owner)[0]);
        await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));

        p.F.Agent.MoveTo(there);
        await p.F.Agent.Connect();
        for (var asked = 0; asked < 2; asked++)
        {
            var (seen, _) = await p.F.Agent.Receive();
            Assert.Equal(MessageType.Seen, seen.Type);
            p.F.Agent.Tell(seen.HandOff == header.HandOff
                ? p.F.Agent.Report(MessageType.Acknowledged, seen.HandOff, seen.Attempt, HandOffState.Acknowledged)
                : p.F.Agent.Report(MessageType.Barred, seen.HandOff, seen.Attempt));
        }

        Assert.Equal(HandOffState.Acknowledged, (await Ended(p, header.HandOff)).State);
        Assert.Equal(HandOffState.NotSent, (await Ended(p, HandOffId.Of(unseen.Hash, p.F.Agent.Name))).State);
        Assert.False(p.F.Agent.TryFrame(out _));
    }

    private static async Task<Protocol.Wire.Zone.HandOff> Ended(PlacingFixture p, Protocol.Identifiers.Id16 handOff)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var found = await p.F.Customer.Journal(handOff);
            if (HandOffState.EndsHandOff(found.State))
            {
                return found;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the hand-off stays open");
        }
    }
}
