using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>Where agents are connected: hints, of which a wrong one means "not connected" and nothing more.</summary>
public sealed class DirectorySpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task An_owner_should_find_the_node_of_an_agent_that_nobody_announced()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await f.Holder.Routing.Directory.PublishAsync(f.Customer.Name, f.AgentName, 1, default);

        var found = await f.Owner.Routing.Directory.FindAsync(f.Customer.Name, f.AgentName, default);

        Assert.Equal(f.Holder.Node.Node, found);
        await f.Holder.Routing.Directory.WithdrawAsync(f.Customer.Name, f.AgentName, 1, default);
        Assert.Null(await f.Owner.Routing.Directory.FindAsync(f.Customer.Name, f.AgentName, default));
    }

    [Fact]
    public async Task An_announcement_should_be_remembered_until_it_is_used_or_old()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);

        Assert.Equal(f.Holder.Node.Node, await f.Owner.Routing.Directory.FindAsync(f.Customer.Name, f.AgentName, default));
        Assert.Null(await f.Owner.Routing.Directory.FindAsync(f.Customer.Name, f.AgentName, default));
    }

    [Fact]
    public async Task A_withdrawal_of_an_earlier_link_should_change_nothing()
    {
        var directory = new StaticAgentDirectory(world.Node);
        var (customer, agent) = (TestCustomer.N("acme"), TestCustomer.N("web-1"));
        await directory.PublishAsync(customer, agent, 1, default);
        await directory.PublishAsync(customer, agent, 2, default);

        await directory.WithdrawAsync(customer, agent, 1, default);

        Assert.True(directory.IsHere(customer, agent));
        await directory.WithdrawAsync(customer, agent, 2, default);
        Assert.False(directory.IsHere(customer, agent));
    }

    [Fact]
    public void Hints_should_be_bounded()
    {
        var directory = new StaticAgentDirectory(world.Node);
        for (var i = 0; i < StaticAgentDirectory.MaxHints + 10; i++)
        {
            directory.Heard(TestCustomer.N("acme"), TestCustomer.N($"a-{i}"), TestCustomer.N("dmz-2"));
        }

        Assert.InRange(directory.Hints, 1, StaticAgentDirectory.MaxHints);
    }

    [Fact]
    public async Task A_launch_should_have_an_agent_brought_that_its_node_takes_for_connected_elsewhere()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        var there = await f.Transfer.Held();
        f.Agent.Disconnect();
        await f.ConnectAt(f.Agent, f.Owner);
        await f.Owner.Routing.Directory.PublishAsync(f.Customer.Name, f.AgentName, 1, default);

        // Dmz-2 claims, and nobody says so to dmz-1, which goes on serving the agent.
        var calls = (PeerList)f.Holder.Node.Peers.Others;
        var peer = calls[0];
        calls.Remove(peer);
        await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        await there.UntilUnlocked();
        calls.Add(peer);
        var launch = there.Launch();
        Assert.Equal(Codes.AgentNotConnected, await there.Seal(f.Agent, launch, await there.Release(launch)));

        await f.Agent.Greet();
        await Transfers.TransferFixture.ShouldHandOff(there, f.Agent);
        await f.Owner.Routing.Directory.WithdrawAsync(f.Customer.Name, f.AgentName, 1, default);
        await there.Wipe();
    }
}
