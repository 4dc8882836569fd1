using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>An agent with hundreds of open uses: what it is asked at the begin of a session does not cost the session.</summary>
public sealed class ManyUsesSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private const int Uses = 300;

    [Fact]
    public async Task An_agent_that_reads_slowly_should_be_asked_for_all_its_uses_without_a_gap()
    {
        var (customer, agent) = await world.Ready();
        var open = await WithUses(customer, agent);
        agent.Disconnect();
        agent.Reads = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await agent.Connect();
        await customer.Status();
        agent.Reads.SetResult();
        while (open.Count > 0)
        {
            // Receive sees to it that no number is missing.
            var (seen, _) = await agent.Receive();
            Assert.True(open.Remove(seen.HandOff));
            agent.Tell(agent.Report(MessageType.UseEnded, seen.HandOff, seen.Attempt, HandOffState.Used));
        }

        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        agent.Disconnect();
    }

    private static async Task<HashSet<Id16>> WithUses(TestCustomer customer, AgentEnd agent)
    {
        var open = new HashSet<Id16>();
        while (open.Count < Uses)
        {
            var launch = customer.Launch();
            var probe = customer.BeginSeal(launch, await customer.Release(launch));
            var (header, _) = await agent.Receive();
            agent.Acknowledge(header);
            Assert.IsType<ProvisioningMessage.Ended>(await probe.Next());
            open.Add(header.HandOff);
        }

        return open;
    }
}
