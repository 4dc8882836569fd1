using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Attacks;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Faults;

/// <summary>Every hand-off that the journal has open comes to an end in the ledger, without an unlock.</summary>
public sealed class OpenHandOffSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_hand_off_should_end_as_it_did_although_a_later_attempt_was_released()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        var second = await customer.Release(launch, 2);
        agent.Acknowledge(header);

        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        var outcome = Assert.Single(await customer.Outcomes());
        Assert.Equal((HandOffState.Acknowledged, 2u), (outcome.State, outcome.Attempt));
        Assert.Equal(Codes.HandOffReplayed, await customer.Seal(agent, launch, second, 2));
        agent.Disconnect();
    }

    [Fact]
    public async Task A_launch_sent_again_while_its_end_is_on_the_way_to_the_ledger_should_be_told_that_end()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        world.Zone.Allow("append-outcome", 0);
        agent.Acknowledge(header);
        await world.Zone.UntilCutOff("append-outcome");

        var again = customer.BeginSeal(launch, await customer.Release(launch));
        await customer.Status();
        world.Zone.AllowAll("append-outcome");

        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await again.Next()).State);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_release_that_comes_after_its_own_end_should_be_asked_for_again_before_anybody_is_accused()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var reply = await customer.Release(launch);
        var first = customer.BeginSeal(launch, reply);
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        Assert.IsType<ProvisioningMessage.Ended>(await first.Next());

        Assert.IsType<ProvisioningMessage.Overtaken>(await customer.BeginSeal(launch, reply).Next());
        Assert.Equal(Codes.HandOffReplayed, await customer.Seal(agent, launch, reply));
        agent.Disconnect();
    }

    [Fact]
    public async Task A_barred_hand_off_whose_next_release_is_refused_should_end()
    {
        var (customer, agent) = await world.Ready();
        var (launch, ended) = await Start(customer);
        var (header, _) = await agent.Receive();
        var stop = customer.Request(UserAction.Lock, new LockPayload(0, "test"));
        await world.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = customer.Name.Value, Request = ByteString.CopyFrom(stop.Encode()) }, default);

        agent.Tell(agent.Report(MessageType.Barred, header.HandOff, header.Attempt));

        Assert.Equal(HandOffState.NotSent, (await ended.WaitAsync(Patience.Limit)).Value!.State);
        Assert.Equal(HandOffState.NotSent, (await customer.Journal(Target.HandOffIdOf(launch))).State);
        agent.Disconnect();
    }

    [Fact]
    public async Task An_owner_that_hears_of_a_lock_by_a_refused_launch_should_wipe()
    {
        var (customer, agent) = await world.Ready();
        var stop = customer.Request(UserAction.Lock, new LockPayload(0, "test"));
        // Its answer is lost: nobody tells the node.
        await world.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = customer.Name.Value, Request = ByteString.CopyFrom(stop.Encode()) }, default);

        var (_, ended) = await Start(customer);

        Assert.Equal(Codes.LockStands, (await ended.WaitAsync(Patience.Limit)).Code);
        await customer.Until(s => s.State == KeyState.Locked);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_barred_hand_off_whose_next_release_the_key_does_not_believe_should_end()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        agent.Tell(agent.Report(MessageType.Barred, header.HandOff, header.Attempt));
        Assert.IsType<ProvisioningMessage.Barred>(await probe.Next());
        var second = await customer.Release(launch, 2);
        second.Receipt = ByteString.Empty;

        Assert.Equal(Codes.ReceiptForged, await customer.Seal(agent, launch, second, 2));
        customer.Refs.Key.Tell(new CustomerKeyMessage.GiveUp(header.HandOff, 1));

        await Ends(customer, header.HandOff, HandOffState.NotSent);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_release_that_the_key_does_not_believe_should_end_by_the_agents_word()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var reply = await customer.Release(launch);
        world.Time.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal(Codes.ReceiptStale, await customer.Seal(agent, launch, reply));

        var (seen, _) = await agent.Receive();
        Assert.Equal((MessageType.Seen, Target.HandOffIdOf(launch)), (seen.Type, seen.HandOff));
        agent.Tell(agent.Report(MessageType.Barred, seen.HandOff, seen.Attempt));
        await Ends(customer, seen.HandOff, HandOffState.NotSent);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_recovered_hand_off_should_end_by_what_the_agent_says_of_an_earlier_attempt()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        await customer.Release(launch, 2);
        await customer.Wipe();
        await customer.Unlock();
        await agent.Greet();
        var (seen, _) = await agent.Receive();
        Assert.Equal((MessageType.Seen, 2u), (seen.Type, seen.Attempt));

        // The agent has opened the first attempt, and says so for whatever is asked of the hand-off.
        agent.Acknowledge(header);

        await Ends(customer, header.HandOff, HandOffState.Acknowledged);
        agent.Disconnect();
    }

    private static async Task Ends(TestCustomer customer, Id16 handOff, string state)
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await customer.Journal(handOff)).State == HandOffState.Released)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the hand-off stays released");
        }

        Assert.Equal(state, (await customer.Journal(handOff)).State);
        Assert.Equal(state, Assert.Single(await customer.Outcomes(), o => o.HandOff == handOff).State);
    }

    private static async Task<(SignedRequest Launch, Task<Result<LaunchProgress>> Ended)> Start(TestCustomer customer)
    {
        var launch = customer.Launch();
        var waiters = await customer.World.Requests.Ask<Result<LaunchWaiters>>(
            r => new RequestsMessage.Start(customer.Refs, Protocol.Requests.LaunchOrder.Read(launch), r), Patience.Limit);
        return (launch, waiters.Value!.WhenEnded);
    }
}
