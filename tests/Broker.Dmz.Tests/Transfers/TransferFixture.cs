using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>Node dmz-1, which owns a customer with a connected agent, and node dmz-2, for which two people vouch.</summary>
internal sealed class TransferFixture : IAsyncDisposable
{
    private TransferFixture(DmzWorld world, TestCustomer customer, AgentEnd agent, OtherNode owner, OtherNode other, Admitters admitters)
    {
        (World, Customer, Agent, Owner, Other, Admitters) = (world, customer, agent, owner, other, admitters);
        Holder = other.To(owner);
    }

    public DmzWorld World { get; }

    public TestCustomer Customer { get; }

    public AgentEnd Agent { get; }

    public OtherNode Owner { get; }

    public OtherNode Other { get; }

    public Admitters Admitters { get; }

    /// <summary>The way from dmz-2 to dmz-1.</summary>
    public Links.Peers.PeerClient Holder { get; }

    public static async Task<TransferFixture> StartAsync(DmzWorld world)
    {
        // What the world's node saw of the nodes of earlier tests is over.
        world.Time.Advance(LiveIncarnations.Lasts);
        var admitters = new Admitters();
        admitters.Join(world);
        var (customer, agent) = await world.Ready();
        var owner = await OtherNode.ServeAsync(world);
        return new TransferFixture(world, customer, agent, owner, await OtherNode.StartAsync(world, "dmz-2"), admitters);
    }

    /// <summary>Dmz-2 asks for the customer, vouched for by two people.</summary>
    public Task<Result<KeyStatus>> Fetch() =>
        Other.Fetcher.Fetch(Customer.Name, Holder, Admitters.Admit(Other.Node, World.Time.GetUtcNow()), null, default);

    /// <summary>Dmz-2 holds the customer.</summary>
    public async Task<TestCustomer> Held()
    {
        var fetched = await Fetch();
        Assert.True(fetched.Code is null, $"{fetched.Code}: {fetched.Detail}");
        Assert.Equal(KeyState.Holding, fetched.Value!.State);
        return await Other.At(Customer);
    }

    /// <summary>A launch at a node reaches the agent, which is connected there.</summary>
    public static Task ShouldHandOff(TestCustomer there, AgentEnd agent) =>
        there.ShouldDeliver(agent, "db", "correct horse battery staple");

    /// <summary>Live secret bytes once the actors of the customer are at rest.</summary>
    public async Task<long> Gauge()
    {
        await Customer.Status();
        return SecretMemory.Default.LiveBytes;
    }

    public async ValueTask DisposeAsync()
    {
        Agent.Disconnect();
        await Customer.Wipe();
        await Other.DisposeAsync();
        await Owner.DisposeAsync();
    }
}
