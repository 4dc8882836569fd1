using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>A user without a right asks again and again: that everybody else is served must not depend on the records of it.</summary>
public sealed class RefusalFloodSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    // More than may wait to be recorded.
    private const int Asked = 1500;

    [Fact]
    public async Task Refusals_that_wait_to_be_recorded_should_not_hold_the_end_of_a_hand_off()
    {
        var (customer, agent) = await world.Ready();
        var letGo = world.Zone.Hold("report-refusal");
        foreach (var asks in Enumerable.Range(0, Asked).Chunk(50))
        {
            var answers = await Task.WhenAll(asks.Select(_ => customer.Submit(
                customer.Request(UserAction.PutPolicy, customer.Policy("mine", ["web-1"]), "carol"), UserAction.PutPolicy)));
            Assert.All(answers, static a => Assert.Equal(RequestRefusal.RoleForbids, a.Code));
        }

        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        Assert.Equal(HandOffState.Acknowledged, Assert.Single(await customer.Outcomes()).State);
        Assert.Empty(await customer.Refusals());

        letGo();
        using var soon = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while (await customer.Refusals() is not [{ Principal: "user/carol" }, ..])
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, soon.Token);
        }
    }
}
