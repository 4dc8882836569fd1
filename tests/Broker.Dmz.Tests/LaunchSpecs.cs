using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;

namespace Broker.Dmz.Tests;

public sealed class LaunchSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_launch_should_reach_the_agent_and_the_ledger()
    {
        var (customer, agent) = await world.Ready();
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, body) = await agent.Receive();
        agent.Acknowledge(header);

        Assert.Equal(MessageType.Envelope, header.Type);
        Assert.Equal("correct horse battery staple"u8.ToArray(), body);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        Assert.Equal(HandOffState.Acknowledged, Assert.Single(await customer.Outcomes()).State);
    }
}
