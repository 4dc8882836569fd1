using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>An agent connects to any node; its session ends at the key of whoever owns its customer.</summary>
public sealed class AcrossSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_launch_at_the_owner_should_reach_an_agent_of_another_node()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);

        await f.ShouldHandOff();
        await f.ShouldHandOff();

        Assert.Equal(1, f.Holder.Routing.Relays.Held);
        Assert.Equal(KeyState.Locked, (await (await f.Holder.At(f.Customer)).Status()).State);
        Assert.Equal(2, (await f.Customer.Outcomes()).Count(o => o.State == HandOffState.Acknowledged));
    }

    [Fact]
    public async Task A_large_envelope_should_pass_whole()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        var content = new byte[1 << 20];
        Secrets.SystemRandom.Fill(content);
        await f.Customer.PutCredential("large", content, "web");

        var launch = f.Customer.Launch(credential: "large");
        f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
        var (header, body) = await f.Agent.Receive();

        Assert.Equal(MessageType.Envelope, header.Type);
        Assert.Equal(content, body);
        f.Agent.Acknowledge(header);
    }

    [Fact]
    public async Task An_agent_that_leaves_its_node_should_leave_nothing_at_the_owner()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        Assert.Equal(1, f.Owner.Routing.Relays.StandIns);

        f.Agent.Disconnect();

        await AcrossFixture.Until("the stand-in ends", () => f.Owner.Routing.Relays.StandIns == 0);
        Assert.Equal(0, f.Holder.Routing.Relays.Held);
        await f.Customer.UntilGone(f.AgentName);
        var launch = f.Customer.Launch();
        Assert.Equal(Codes.AgentNotConnected, await f.Customer.Seal(f.Agent, launch, await f.Customer.Release(launch)));
    }

    [Fact]
    public async Task An_agent_should_come_back_over_any_node()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        await using var third = await OtherNode.StartAsync(world, "dmz-3");
        third.Know(f.Owner);
        f.Owner.Know(third);

        await f.ConnectAt(f.Agent, third);
        await f.ShouldHandOff();
        await f.ConnectAt(f.Agent, f.Owner);
        await f.ShouldHandOff();
        await f.ConnectAt(f.Agent, f.Holder);
        await f.ShouldHandOff();

        await AcrossFixture.Until("one relay is left", () => f.Owner.Routing.Relays.StandIns == 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_owner_that_moves_to_the_agents_node_should_go_on_over_the_same_link(bool isForced)
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        await f.ShouldHandOff();

        var there = await f.Move(isForced);

        await f.Agent.Greet();
        await TransferFixture.ShouldHandOff(there, f.Agent);
        await there.Wipe();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_owner_that_moves_away_from_the_agents_node_should_go_on_over_the_same_link(bool isForced)
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await f.ConnectAt(f.Agent, f.Owner);
        await f.ShouldHandOff();

        var there = await f.Move(isForced);

        await f.Agent.Greet();
        await TransferFixture.ShouldHandOff(there, f.Agent);
        await there.Wipe();
    }

    [Fact]
    public async Task An_owner_that_dies_should_be_followed_over_the_same_link()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var third = await OtherNode.StartAsync(world, "dmz-3");
        third.Know(f.Holder);
        third.Know(f.Owner);
        f.Owner.Know(third);
        f.Holder.Know(third);
        third.Watch();
        var there = await f.Move();
        await f.ConnectAt(f.Agent, third);
        await TransferFixture.ShouldHandOff(there, f.Agent);

        // The world's node, which wiped when it had yielded, is unlocked by its custodians when the owner has died.
        await f.Customer.Until(s => s.State == KeyState.Locked);
        await f.Holder.DisposeAsync();
        await f.Customer.Unlock();

        await f.Agent.Greet();
        await f.ShouldHandOff();
    }

    [Fact]
    public async Task A_hand_off_that_was_open_when_the_owner_moved_should_be_asked_for_and_not_sealed_again()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        var launch = f.Customer.Launch();
        f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
        var (envelope, _) = await f.Agent.Receive();

        var there = await f.Move();
        await f.Agent.Greet();

        var (seen, _) = await f.Agent.Receive();
        Assert.Equal((MessageType.Seen, envelope.HandOff), (seen.Type, seen.HandOff));
        f.Agent.Acknowledge(envelope);
        await TransferFixture.ShouldHandOff(there, f.Agent);
        Assert.Contains(await there.Outcomes(), o => o.HandOff == envelope.HandOff && o.State == HandOffState.Acknowledged);
        await there.Wipe();
    }

    [Fact]
    public async Task A_stand_in_of_which_its_holder_never_speaks_should_end()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);

        var silent = Assert.Single(f.Owner.Routing.Relays.Silent(TimeSpan.MinValue));
        f.World.Time.Advance(TimeSpan.FromMinutes(1));
        f.Owner.Watch();

        // The holder comes back with another one at once.
        await AcrossFixture.Until("the stand-in ends", () => !f.Owner.Routing.Relays.Silent(TimeSpan.MinValue).Contains(silent));
        await f.Agent.Greet();
        await f.ShouldHandOff();
    }

    [Fact]
    public async Task A_relay_that_the_owner_forgot_should_be_made_again()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        var lost = Assert.Single(f.Owner.Routing.Relays.Silent(TimeSpan.MinValue));
        lost.IsOver = true;
        f.Owner.Routing.Relays.End(lost, "forgotten");
        f.Holder.Watch();

        await f.Agent.Greet();
        await f.ShouldHandOff();
    }

    [Fact]
    public async Task Many_uses_of_an_agent_elsewhere_should_be_asked_for_without_a_gap()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        var open = new HashSet<Protocol.Identifiers.Id16>();
        for (var i = 0; i < 100; i++)
        {
            var launch = f.Customer.Launch();
            var probe = f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
            var (header, _) = await f.Agent.Receive();
            f.Agent.Acknowledge(header);
            await probe.Next();
            open.Add(header.HandOff);
        }

        await f.ConnectAt(f.Agent, f.Holder);
        while (open.Count > 0)
        {
            var (seen, _) = await f.Agent.Receive();
            Assert.True(open.Remove(seen.HandOff));
            f.Agent.Tell(f.Agent.Report(MessageType.UseEnded, seen.HandOff, seen.Attempt, HandOffState.Used));
        }

        await f.ShouldHandOff();
    }
}
