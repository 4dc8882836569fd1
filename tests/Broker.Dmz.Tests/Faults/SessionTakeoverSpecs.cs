using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Faults;

/// <summary>
/// Whoever has a certificate with an agent's name can open a link; the agent's session ends only for one who proves to be it.
/// </summary>
public sealed class SessionTakeoverSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_hello_should_not_end_the_live_session()
    {
        var (customer, agent) = await world.Ready();
        using var old = new AgentEnd(customer, agent.Name, customer.NewId());
        await old.Open();
        var hello = (await old.Frame()).OwnerHello;

        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        using var handshake = old.Handshake(hello.Statement.Span, 2);
        old.Tell(handshake.Answer);
        Assert.Equal(SessionFailure.BadSignature, await old.Closed);
        agent.Acknowledge(header);

        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        await Delivers(customer, agent);
        agent.Disconnect();
    }

    [Fact]
    public async Task Many_hellos_should_end_neither_the_live_session_nor_the_agents_next_one()
    {
        var (customer, agent) = await world.Ready();
        var links = new List<AgentEnd>();
        for (var i = 0; i < 40; i++)
        {
            var old = new AgentEnd(customer, agent.Name, customer.NewId());
            links.Add(old);
            await old.Open();
            Assert.NotNull((await old.Frame()).OwnerHello);
        }

        await Delivers(customer, agent);
        await agent.Connect();
        await Delivers(customer, agent);

        links.ForEach(l => l.Disconnect());
        links.ForEach(l => l.Dispose());
        agent.Disconnect();
    }

    [Fact]
    public async Task A_link_that_ends_should_take_only_its_own_session_along()
    {
        var (customer, agent) = await world.Ready();
        using var old = new AgentEnd(customer, agent.Name, customer.NewId());
        await old.Open();
        await old.Frame();
        old.Disconnect();

        await Delivers(customer, agent);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_use_whose_end_was_lost_should_be_asked_for_in_the_next_session()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        Assert.IsType<ProvisioningMessage.Ended>(await probe.Next());
        agent.Report(MessageType.UseEnded, header.HandOff, header.Attempt, HandOffState.Used);
        agent.Disconnect();

        await agent.Connect();
        var (seen, _) = await agent.Receive();
        Assert.Equal((MessageType.Seen, header.HandOff), (seen.Type, seen.HandOff));
        for (var i = 0; i < 2; i++)
        {
            agent.Tell(agent.Report(MessageType.UseEnded, header.HandOff, header.Attempt, HandOffState.Used));
        }

        await Delivers(customer, agent);
        Assert.Single(await customer.Outcomes(), o => o.HandOff == header.HandOff && o.State == HandOffState.Used);
        agent.Disconnect();
    }

    private static async Task Delivers(TestCustomer customer, AgentEnd agent)
    {
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        while (header.Type != MessageType.Envelope)
        {
            (header, _) = await agent.Receive();
        }

        agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
    }
}
