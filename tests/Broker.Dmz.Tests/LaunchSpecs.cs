using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.TestKit;

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

    [Fact]
    public async Task The_end_of_a_use_should_not_be_told_to_the_launch_that_was_over_before()
    {
        var (customer, agent) = await world.Ready();
        var first = await HandOver();
        agent.Tell(agent.Report(MessageType.UseEnded, first.Header.HandOff, first.Header.Attempt, HandOffState.Used));

        // Ends are appended in order, so that of the use stands before this one.
        await HandOver();
        Assert.Single(await customer.Outcomes(), static o => o.State == HandOffState.Used);
        Assert.Single(first.Launch.All);

        async Task<(MessageHeader Header, TestProbe<ProvisioningMessage> Launch)> HandOver()
        {
            var launch = customer.Launch();
            var probe = customer.BeginSeal(launch, await customer.Release(launch));
            var (header, _) = await agent.Receive();
            agent.Acknowledge(header);
            Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
            return (header, probe);
        }
    }
}
