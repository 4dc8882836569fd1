using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Attacks;
using Broker.Dmz.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Faults;

/// <summary>
/// Two nodes hold a customer and both claim it: who is overtaken leaves the owner's role and comes back by a claim, or gives way.
/// </summary>
public sealed class DeposedSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task An_overtaken_owner_should_say_so_and_claim_again()
    {
        var (customer, agent) = await world.Ready();
        var before = (await customer.Status()).Fence;
        await using var other = await Rival.Unlock(customer);

        var refused = await customer.Submit(Policy(customer), UserAction.PutPolicy);

        Assert.Equal(Codes.FenceStale, refused.Code);
        var status = await customer.Until(s => s.State == KeyState.Unlocked && s.Fence > before + 1);
        Assert.Equal(before + 2, status.Fence);
        Assert.Null((await customer.Submit(Policy(customer), UserAction.PutPolicy)).Code);
        await agent.Greet();
        await new Target(customer, agent).ShouldHaveOpenedNothing();
        agent.Disconnect();
    }

    [Fact]
    public async Task An_owner_should_notice_by_the_head_of_another_one_that_it_was_overtaken()
    {
        var (customer, agent) = await world.Ready();
        var before = (await customer.Status()).Fence;
        await using var other = await Rival.Unlock(customer);
        Assert.Null((await other.Customer.Submit(Policy(customer), UserAction.PutPolicy)).Code);

        Assert.Equal(Codes.HeadUnknown, (await customer.Submit(Policy(customer), UserAction.PutPolicy)).Code);

        await customer.Until(s => s.State == KeyState.Unlocked && s.Fence > before + 1);
        Assert.Null((await customer.Submit(Policy(customer), UserAction.PutPolicy)).Code);
        await agent.Greet();
        await new Target(customer, agent).ShouldHaveOpenedNothing();
        agent.Disconnect();
    }

    [Fact]
    public async Task What_an_overtaken_owner_had_open_should_end()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        await using var other = await Rival.Unlock(customer);

        agent.Acknowledge(header);

        Assert.Equal(Codes.FenceStale, Assert.IsType<ProvisioningMessage.NotSealed>(await probe.Next()).Refusal.Code);
        await agent.Greet();
        var (seen, _) = await agent.Receive();
        Assert.Equal((Protocol.Session.MessageType.Seen, header.HandOff), (seen.Type, seen.HandOff));
        agent.Acknowledge(header);
        var started = TimeProvider.System.GetTimestamp();
        while ((await customer.Journal(header.HandOff)).State != HandOffState.Acknowledged)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the hand-off stays open");
        }

        agent.Disconnect();
    }

    [Fact]
    public async Task A_launch_under_an_overtaken_fence_should_be_refused_and_the_next_one_go_through()
    {
        var (customer, agent) = await world.Ready();
        var before = (await customer.Status()).Fence;
        await using var other = await Rival.Unlock(customer);

        Assert.Equal(Codes.FenceStale, (await Start(customer)).Code);
        await customer.Until(s => s.State == KeyState.Unlocked && s.Fence > before + 1);

        await agent.Greet();
        await new Target(customer, agent).ShouldHaveOpenedNothing();
        agent.Disconnect();
    }

    [Fact]
    public async Task A_word_about_another_fence_should_change_nothing()
    {
        var (customer, agent) = await world.Ready();
        var before = (await customer.Status()).Fence;

        customer.Refs.Key.Tell(new CustomerKeyMessage.Deposed(before - 1));
        customer.Refs.Key.Tell(new CustomerKeyMessage.Deposed(before + 1));

        Assert.Equal((KeyState.Unlocked, before), ((await customer.Status()).State, (await customer.Status()).Fence));
        await new Target(customer, agent).ShouldHaveOpenedNothing();
        agent.Disconnect();
    }

    [Fact]
    public async Task Two_owners_should_not_take_the_customer_from_each_other_for_ever()
    {
        var customer = await world.Enrolled();
        await using var other = await Rival.Unlock(customer);
        TestCustomer[] nodes = [customer, other.Customer];
        for (var turn = 0; turn < 10; turn++)
        {
            var one = nodes[turn % 2];
            await one.Submit(Policy(one), UserAction.PutPolicy);
            if ((await one.Until(s => s.State is KeyState.Unlocked or KeyState.Locked)).State == KeyState.Locked)
            {
                break;
            }
        }

        var (here, there) = (await customer.Status(), await other.Customer.Status());
        Assert.Single(new[] { here, there }, s => s.State == KeyState.Unlocked);
        Assert.Equal(Codes.FenceStale, Assert.Single(new[] { here, there }, s => s.State == KeyState.Locked).LastFailure);
        var owner = here.State == KeyState.Unlocked ? customer : other.Customer;
        Assert.Null((await owner.Submit(Policy(owner), UserAction.PutPolicy)).Code);
    }

    [Fact]
    public async Task An_overtaken_owner_should_stay_locked_where_the_customer_was_locked_meanwhile()
    {
        var customer = await world.Enrolled();
        await using var other = await Rival.Unlock(customer);
        var request = customer.Request(UserAction.Lock, new LockPayload(0, "test"));
        await world.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = customer.Name.Value, Request = ByteString.CopyFrom(request.Encode()) }, default);

        Assert.Equal(Codes.FenceStale, (await customer.Submit(Policy(customer), UserAction.PutPolicy)).Code);

        Assert.Equal(Codes.LockStands, (await customer.Until(s => s.State == KeyState.Locked)).LastFailure);
    }

    private static SignedRequest Policy(TestCustomer customer) =>
        customer.Request(UserAction.PutPolicy, customer.Policy("some", ["web-9"]));

    private static async Task<Result<LaunchProgress>> Start(TestCustomer customer)
    {
        var launch = customer.Launch();
        var waiters = await customer.World.Requests.Ask<Result<LaunchWaiters>>(
            r => new RequestsMessage.Start(customer.Refs, Protocol.Requests.LaunchOrder.Read(launch), r), Patience.Limit);
        return await waiters.Value!.WhenAccepted;
    }

    /// <summary>A second node to which custodians gave their shares too.</summary>
    private sealed class Rival(ActorSystem system, DmzContext node, TestCustomer customer) : IAsyncDisposable
    {
        public TestCustomer Customer => customer;

        public static async Task<Rival> Unlock(TestCustomer customer)
        {
            var world = customer.World;
            var system = new ActorSystem("rival", new ActorSystemOptions { Time = world.Time });
            var node = world.MakeNode("dmz-3", system);
            node.Ledger.Set(world.Zone.LedgerKey);
            var refs = await DmzWorld.StartCustomers(system, node).Find(customer.Name, exists: true);
            var there = customer.At(refs.Value!);
            var head = SignedModel.From(WireSigned.From((await customer.ZoneState()).Head));
            foreach (var index in (uint[])[1, 2])
            {
                var given = await there.Give(there.ShareFor(index, node.Incarnation.Key) with { Witness = head });
                Assert.True(given.Code is null, given.Detail);
            }

            await there.UntilUnlocked();
            return new Rival(system, node, there);
        }

        public async ValueTask DisposeAsync()
        {
            await system.DisposeAsync();
            ((ZoneClient)node.Zone).Dispose();
            node.Incarnation.Dispose();
            node.AgentIssuer?.Dispose();
        }
    }
}
