using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>A console may talk to any node: what only the owner can answer goes to it, by one hop.</summary>
public sealed class ForwardingSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_launch_at_a_node_that_holds_nothing_should_be_answered_by_the_owner()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        using var console = new Console(f.Other, f.Customer);

        var launched = console.Launch(f.Customer.Launch(), wait: 60);
        await Acknowledge(f.Agent);

        var (reply, code, detail) = await launched;
        Assert.True(code is null, $"{code}: {detail}");
        Assert.Equal(HandOffState.Acknowledged, reply!.State);
    }

    [Fact]
    public async Task A_launch_at_a_warm_holder_should_be_answered_by_the_owner()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await f.Held();
        f.Other.Know(f.Owner);
        using var console = new Console(f.Other, f.Customer);

        var launched = console.Launch(f.Customer.Launch(), wait: 60);
        await Acknowledge(f.Agent);

        Assert.Equal(HandOffState.Acknowledged, (await launched).Reply?.State);
    }

    [Fact]
    public async Task A_change_should_be_made_by_the_owner_and_its_refusal_told_as_it_is()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        using var console = new Console(f.Other, f.Customer);
        var carol = f.Customer.Request(UserAction.RemoveUser, new NamePayload(TestCustomer.N("carol")));

        var (reply, code, detail) = await console.RemoveUser(carol, "carol");
        Assert.True(code is null, $"{code}: {detail}");
        Assert.True(reply!.Head.ToSigned().IsBy(f.Customer.Custody.Identity));
        Assert.Equal(Codes.UserUnknown, (await console.RemoveUser(
            f.Customer.Request(UserAction.RemoveUser, new NamePayload(TestCustomer.N("nobody"))), "nobody")).Code);
    }

    [Fact]
    public async Task An_owner_that_cannot_be_reached_should_be_told_so()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var gone = await OtherNode.StartAsync(world, "dmz-3");
        f.Other.KnowAs(f.Owner.Node.Node, gone.Address);
        await gone.DisposeAsync();
        using var console = new Console(f.Other, f.Customer);

        Assert.Equal(TransferCodes.OwnerUnreachable, (await console.Launch(f.Customer.Launch())).Code);
    }

    [Fact]
    public async Task A_customer_that_nobody_holds_should_be_locked_at_every_node()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        await f.Customer.Wipe();
        using var console = new Console(f.Other, f.Customer);

        Assert.Equal(Codes.CustomerLocked, (await console.Launch(f.Customer.Launch())).Code);
    }

    [Fact]
    public async Task A_node_should_follow_an_owner_that_has_moved()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        await using var third = await OtherNode.StartAsync(world, "dmz-3");
        third.Know(f.Owner);
        third.Know(f.Other);
        using var console = new Console(third, f.Customer);
        var first = console.Launch(f.Customer.Launch(), wait: 60);
        await Acknowledge(f.Agent);
        Assert.Equal(HandOffState.Acknowledged, (await first).Reply?.State);

        await TransferSpecs.HandOver(f);
        await f.Customer.Until(s => s.State == KeyState.Locked);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();

        var second = console.Launch(f.Customer.Launch(), wait: 60);
        await Acknowledge(f.Agent);
        Assert.Equal(HandOffState.Acknowledged, (await second).Reply?.State);
    }

    [Fact]
    public async Task A_node_that_owned_the_customer_should_follow_who_does_now()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        f.Owner.Know(f.Other);
        await f.Owner.Node.Owners.Refresh(f.Customer.Name, default);
        await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        await f.Customer.Submit(
            f.Customer.Request(UserAction.PutPolicy, f.Customer.Policy("p", ["x"])), UserAction.PutPolicy);
        await f.Customer.Until(s => s.State == KeyState.Holding);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();
        using var console = new Console(f.Owner, f.Customer);

        var launched = console.Launch(f.Customer.Launch(), wait: 60);
        await Acknowledge(f.Agent);

        Assert.Equal(HandOffState.Acknowledged, (await launched).Reply?.State);
    }

    [Fact]
    public async Task A_forwarded_call_should_never_be_passed_on()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await f.Held();
        f.Other.Know(f.Owner);
        await using var third = await OtherNode.StartAsync(world, "dmz-3");
        // The third believes that dmz-1 is where dmz-2 listens: as it would be with nodes that send each other in a circle.
        var wrong = third.To(f.Other);

        var reply = await wrong.ForwardAsync(ForwardAttacks.Launch(f, f.Customer.Launch()), default);

        Assert.Equal(Codes.CustomerLocked, reply.Code);
        Assert.Empty(reply.Body);
        Assert.False(f.Agent.TryFrame(out _));
    }

    internal static async Task Acknowledge(AgentEnd agent)
    {
        MessageHeader header;
        do
        {
            (header, _) = await agent.Receive();
        }
        while (header.Type != MessageType.Envelope);
        agent.Acknowledge(header);
    }
}
