using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Tests.Versions;

/// <summary>A promoted version comes to the agents that hold an earlier one, against a real zone.</summary>
public sealed class HandOverSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static readonly byte[] Second = "the second version"u8.ToArray();

    [Fact]
    public async Task A_promotion_should_reach_who_holds_an_earlier_version()
    {
        var (customer, agent) = await Staged();
        var held = await customer.Hold(agent);
        var promotion = await customer.PromoteWith(customer.Promotion("db", 2, 1));

        var (header, body) = await agent.Envelope();
        Assert.Equal((held, promotion.Hash, 1u), (header.Replaces, header.Request, header.Attempt));
        Assert.Equal(("db", 2u, "hold"), (header.Items[0].Credential.Value, header.Items[0].Version, header.Items[0].Use.Value));
        Assert.Equal(Second, body);
        agent.Acknowledge(header);
        await customer.UntilHandedOver();
        agent.Tell(agent.Report(MessageType.UseEnded, held, 1, HandOffState.Used, "replaced"));
        await customer.UntilJournal(header.HandOff, HandOffState.Acknowledged);

        var intent = (await customer.Ledger()).Where(static b => b.Kind == BlockKind.Intent)
            .Select(static b => Statement.Read<IntentRecord>(b.Body.Span)).Last();
        var order = LaunchOrder.Read(Statement.Read<SignedRequest>(intent.Request.Span), intent.Launch);
        Assert.Equal((header.HandOff, held, promotion.Hash), (order.HandOff, order.Replaces, order.Request.Hash));
        Assert.Equal(intent.Launch.ToArray(), (await customer.Journal(header.HandOff)).Launch.ToByteArray());
        agent.Disconnect();
    }

    [Fact]
    public async Task What_came_by_a_hand_over_should_be_replaced_by_the_next_one()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        var (first, _) = await agent.Envelope();
        agent.Acknowledge(first);
        agent.Tell(agent.Report(MessageType.UseEnded, first.Replaces, 1, HandOffState.Used, "replaced"));
        await customer.UntilHandedOver();

        await customer.PutStaged("db", "third"u8.ToArray(), 2);
        await customer.PromoteWith(customer.Promotion("db", 3, 2, "web-1"));
        var (second, body) = await agent.Envelope();
        Assert.Equal(first.HandOff, second.Replaces);
        Assert.Equal("third"u8.ToArray(), body);
        agent.Acknowledge(second);
        await customer.UntilHandedOver();
        agent.Disconnect();
    }

    [Fact]
    public async Task Nobody_should_be_handed_what_the_promotion_does_not_say()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        await customer.Promote("db", 2, 1);
        await customer.PutStaged("db", "third"u8.ToArray(), 2);
        await customer.PromoteWith(customer.Promotion("db", 3, 2, "web-2"));
        await customer.UntilHandedOver();

        // What had been handed over would have come before.
        await customer.ShouldDeliver(agent, "db", "third");
        agent.Disconnect();
    }

    [Fact]
    public async Task Who_has_the_version_already_should_not_get_it_again()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent, version: 2);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        await customer.UntilHandedOver();
        await customer.Hold(agent);
        agent.Disconnect();
    }

    [Fact]
    public async Task An_agent_that_is_away_should_be_waited_for_until_the_time_is_over()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        agent.Disconnect();
        await customer.UntilGone(agent.Name);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        await customer.UntilOrder("db", stands: true);

        await agent.Connect();
        var (header, _) = await agent.Envelope();
        agent.Acknowledge(header);
        await customer.UntilHandedOver();

        agent.Disconnect();
        await customer.PutStaged("db", "third"u8.ToArray(), 2);
        await customer.PromoteWith(customer.Promotion("db", 3, 2));
        world.Time.Advance(TimeSpan.FromMinutes(11));
        await customer.Restart();
        await customer.UntilHandedOver();
        await agent.Connect();
        await customer.ShouldDeliver(agent, "db", "third");
    }

    [Fact]
    public async Task A_hand_over_should_go_on_after_a_restart()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        world.Zone.Allow("release", 0);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        await customer.Restart();
        world.Zone.AllowAll("release");
        await agent.Connect();

        var (header, body) = await agent.Envelope();
        Assert.Equal(Second, body);
        agent.Acknowledge(header);
        await customer.UntilHandedOver();
        await customer.UntilJournal(header.HandOff, HandOffState.Acknowledged);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_hand_over_should_go_on_where_the_zone_could_not_be_asked_at_first()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        world.Zone.Allow("release", 0);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        world.Zone.Allow("list-entries", 0);
        await customer.Restart();
        await agent.Connect();
        await world.Zone.UntilCutOff("list-entries");
        world.Zone.AllowAll("list-entries");
        world.Zone.AllowAll("release");

        var (header, body) = await agent.Envelope();
        Assert.Equal(Second, body);
        agent.Acknowledge(header);
        await customer.UntilHandedOver();
        agent.Disconnect();
    }

    [Fact]
    public async Task A_hand_over_that_was_lost_on_the_way_should_be_made_again_after_the_bar()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        var (lost, _) = await agent.Envelope();
        await customer.Restart();
        await agent.Connect();
        var (header, body) = await agent.Receive();
        while (header.Type != MessageType.Envelope)
        {
            if (header.HandOff == lost.HandOff)
            {
                agent.Tell(agent.Report(MessageType.Barred, header.HandOff, header.Attempt));
            }

            (header, body) = await agent.Receive();
        }

        Assert.Equal(lost.Replaces, header.Replaces);
        Assert.True(header.HandOff != lost.HandOff || header.Attempt > lost.Attempt);
        Assert.Equal(Second, body);
        agent.Acknowledge(header);
        await customer.UntilHandedOver();
        agent.Disconnect();
    }

    [Fact]
    public async Task A_policy_that_does_not_let_an_administrator_launch_should_end_it()
    {
        var (customer, agent) = await Staged();
        var held = await customer.Hold(agent);
        await customer.Change(UserAction.PutPolicy, customer.Policy("web", ["web-1"]) with { UserRoles = [Role.Operator] });
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        await customer.UntilHandedOver();

        Assert.Equal(
            (HandOffState.Refused, Codes.PolicyForbids),
            ((await customer.Outcomes())[^1].State, (await customer.Outcomes())[^1].Code));
        Assert.Equal("", (await customer.Journal(held)).UseState);
        agent.Disconnect();
    }

    [Fact]
    public async Task An_agent_that_keeps_what_it_has_should_be_asked_once()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        var (header, _) = await agent.Envelope();
        agent.Tell(agent.Report(MessageType.Refused, header.HandOff, header.Attempt, HandOffState.Refused, "use-keeps"));
        await customer.UntilHandedOver();
        Assert.Equal("use-keeps", (await customer.Journal(header.HandOff)).Code);
        await customer.ShouldDeliver(agent, "db", "the second version");
        agent.Disconnect();
    }

    [Fact]
    public async Task A_later_put_should_overtake_a_hand_over()
    {
        var (customer, agent) = await Staged();
        await customer.Hold(agent);
        agent.Disconnect();
        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        await customer.PutCredential("db", "third"u8.ToArray(), "web", replaces: 2);
        await agent.Connect();
        await customer.UntilHandedOver();
        await customer.ShouldDeliver(agent, "db", "third");
        agent.Disconnect();
    }

    [Fact]
    public async Task Every_holder_of_many_should_be_handed_it()
    {
        var (customer, agent) = await Staged();
        var held = new HashSet<Protocol.Identifiers.Id16>();
        for (var i = 0; i < 20; i++)
        {
            held.Add(await customer.Hold(agent));
        }

        await customer.PromoteWith(customer.Promotion("db", 2, 1));
        while (held.Count > 0)
        {
            var (header, _) = await agent.Envelope();
            Assert.True(held.Remove(header.Replaces));
            agent.Acknowledge(header);
        }

        await customer.UntilHandedOver();
        agent.Disconnect();
    }

    private async Task<(TestCustomer Customer, AgentEnd Agent)> Staged()
    {
        var (customer, agent) = await world.Ready();
        await customer.PutStaged("db", Second, replaces: 1);
        return (customer, agent);
    }
}
