using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Placing;

/// <summary>What is launched at a new owner for an agent that is still on its way there waits for it, and not for ever.</summary>
public sealed class ArrivalSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private const string ListHandOffs = "list-hand-offs";

    [Fact]
    public async Task A_launch_should_wait_for_an_agent_that_follows_the_customer()
    {
        world.Arrival = Patience.Limit;
        await using var p = await PlacingFixture.StartAsync(world);
        var there = await Taken(p);
        var launch = there.Launch();
        var probe = there.BeginSeal(launch, await there.Release(launch));

        // Behind the seal in the mailbox: it has been looked at by now.
        await there.Status();
        p.F.Agent.MoveTo(there);
        await p.F.Agent.Connect();

        var (header, body) = await p.F.Agent.Receive();
        Assert.Equal(MessageType.Envelope, header.Type);
        Assert.Equal("correct horse battery staple"u8.ToArray(), body);
        p.F.Agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
    }

    [Fact]
    public async Task A_launch_for_an_agent_that_does_not_come_should_end_unsent()
    {
        world.Arrival = TimeSpan.FromMilliseconds(100);
        await using var p = await PlacingFixture.StartAsync(world);
        var there = await Taken(p);
        var launch = there.Launch();

        var ended = Assert.IsType<ProvisioningMessage.Ended>(await there.BeginSeal(launch, await there.Release(launch)).Next());

        Assert.Equal((HandOffState.NotSent, Codes.AgentNotConnected), (ended.State, ended.Code));

        // The time of those that follow is over: the next one does not wait at all, and its end is known at once.
        var next = there.Launch();
        ended = Assert.IsType<ProvisioningMessage.Ended>(await there.BeginSeal(next, await there.Release(next)).Next());
        Assert.Equal(Codes.AgentNotConnected, ended.Code);
    }

    [Fact]
    public async Task An_agent_should_be_asked_only_when_everything_that_is_open_is_known()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var opened = p.F.Customer.Launch();
        p.F.Customer.BeginSeal(opened, await p.F.Customer.Release(opened));
        await p.F.Agent.Receive();

        // The journal's first page comes, the next one does not.
        world.Zone.Allow(ListHandOffs, 1);
        var there = await TakeOver(p);
        await world.Zone.UntilCutOff(ListHandOffs);
        p.F.Agent.MoveTo(there);
        await p.F.Agent.Connect();
        await there.Status();
        Assert.False(p.F.Agent.TryFrame(out _));

        world.Zone.AllowAll(ListHandOffs);
        var (seen, _) = await p.F.Agent.Receive();
        Assert.Equal((MessageType.Seen, HandOffId.Of(opened.Hash, p.F.Agent.Name)), (seen.Type, seen.HandOff));
    }

    [Fact]
    public async Task What_an_owner_released_before_it_had_read_the_journal_should_be_sealed_and_not_be_asked_about()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        world.Zone.Allow(ListHandOffs, 0);
        var there = await TakeOver(p);
        p.F.Agent.MoveTo(there);
        await p.F.Agent.Connect();
        var launch = there.Launch();
        var probe = there.BeginSeal(launch, await there.Release(launch));
        await there.Status();

        world.Zone.AllowAll(ListHandOffs);

        var (header, _) = await p.F.Agent.Receive();
        Assert.Equal((MessageType.Envelope, 1u), (header.Type, header.Attempt));
        p.F.Agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
    }

    [Fact]
    public async Task A_lock_should_end_the_waiting()
    {
        world.Arrival = Patience.Limit;
        await using var p = await PlacingFixture.StartAsync(world);
        var there = await Taken(p);
        var launch = there.Launch();
        var probe = there.BeginSeal(launch, await there.Release(launch));

        await there.Wipe();

        Assert.IsType<ProvisioningMessage.NotSealed>(await probe.Next());
    }

    /// <summary>A new owner that knows all that is open: who follows first is asked about a hand-off of before.</summary>
    private static async Task<TestCustomer> Taken(PlacingFixture p)
    {
        using var first = await p.F.Customer.EnrolAgent("web-2");
        await p.F.Customer.Release(p.F.Customer.Launch("web-2"));
        var there = await TakeOver(p);
        first.MoveTo(there);
        await first.Connect();
        Assert.Equal(MessageType.Seen, (await first.Receive()).Header.Type);
        return there;
    }

    private static async Task<TestCustomer> TakeOver(PlacingFixture p)
    {
        p.F.Agent.Disconnect();
        var there = await p.At(p.Order(p.F.Owner)[0]);
        var taken = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        Assert.Equal(KeyState.Unlocked, taken.Value?.State);
        return there;
    }
}
