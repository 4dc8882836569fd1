using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>Node dmz-1, which owns a customer, and node dmz-2, at which the customer's agent connects. Both know each other.</summary>
internal sealed class AcrossFixture : IAsyncDisposable
{
    private readonly List<AgentEnd> _agents = [];

    private AcrossFixture(TransferFixture transfer) => Transfer = transfer;

    public TransferFixture Transfer { get; }

    public DmzWorld World => Transfer.World;

    public OtherNode Owner => Transfer.Owner;

    public OtherNode Holder => Transfer.Other;

    /// <summary>The customer before its owner.</summary>
    public TestCustomer Customer => Transfer.Customer;

    public AgentEnd Agent => Transfer.Agent;

    public static async Task<AcrossFixture> StartAsync(DmzWorld world)
    {
        var fixture = new AcrossFixture(await TransferFixture.StartAsync(world));
        fixture.Agent.Disconnect();
        fixture.Owner.Know(fixture.Holder);
        fixture.Holder.Know(fixture.Owner);
        return fixture;
    }

    /// <summary>The agent has a session with dmz-1 over a link to dmz-2.</summary>
    public static async Task<AcrossFixture> ConnectedAsync(DmzWorld world)
    {
        var fixture = await StartAsync(world);
        await fixture.ConnectAt(fixture.Agent, fixture.Holder);
        return fixture;
    }

    /// <summary>An agent connects to a node.</summary>
    public async Task ConnectAt(AgentEnd agent, OtherNode node)
    {
        agent.MoveTo(await node.At(Customer));
        await agent.Connect();
    }

    /// <summary>Another agent of the customer, enrolled and allowed to have the credential.</summary>
    public async Task<AgentEnd> Another(string name = "web-2")
    {
        var agent = await Customer.EnrolAgent(name);
        _agents.Add(agent);
        return agent;
    }

    /// <summary>A launch at the owner reaches an agent, wherever it is connected, and is acknowledged.</summary>
    public Task ShouldHandOff() => TransferFixture.ShouldHandOff(Customer, Agent);

    /// <summary>Waits for what other actors do.</summary>
    public static async Task Until(string what, Func<bool> reached)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience.Limit, what);
            await Task.Yield();
        }
    }

    /// <summary>Dmz-2 becomes the owner, by the owner's word or against it.</summary>
    public async Task<TestCustomer> Move(bool isForced = false)
    {
        var there = await Transfer.Held();
        if (isForced)
        {
            var taken = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
            Assert.Equal(KeyState.Unlocked, taken.Value!.State);
        }
        else
        {
            await TransferSpecs.HandOver(Transfer);
        }

        return there;
    }

    public Name AgentName => Agent.Name;

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            agent.Dispose();
        }

        await Transfer.DisposeAsync();
    }
}
