using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Requests;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Fuzzing;

/// <summary>
/// A zone that does what it is asked and then answers anything: what was asked ends with a code, the customer's key stays or can be
/// unlocked again, and when the zone is honest again everything is as it was.
/// </summary>
public sealed class LyingZoneSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task Whatever_the_zone_answers_calls_should_end_and_nothing_should_be_lost()
    {
        var (customer, agent) = await world.Ready();
        var ends = new Dictionary<string, int>();
        await Fuzz.EachAsync(60, async random =>
        {
            world.Zone.Lie = said => random.Below(3) == 0 ? said : WireDamage.Of(said, random);
            var end = random.Below(2) == 0 ? await ChangeAsync(customer) : await LaunchAsync(customer);
            ends[end] = ends.GetValueOrDefault(end) + 1;
        });
        world.Zone.Lie = null;
        Assert.True(ends.Count > 2, string.Join(", ", ends));

        // A key that was told a false end of the ledger, which no proof covers, signs heads that the honest zone refuses: unlocked anew it
        // takes what the zone has.
        if ((await customer.Status()).State != KeyState.Unlocked || await ChangeAsync(customer) is Codes.HeadUnknown or "wrong-head")
        {
            await customer.Wipe();
            await customer.Unlock();
        }

        await customer.PutCredential("later", "hunter2"u8.ToArray(), "web");
        var launch = customer.Launch(credential: "db");
        await agent.Connect();
        _ = customer.BeginSeal(launch, await customer.Release(launch));
        while (true)
        {
            var (_, body) = await agent.Receive();
            if (body.Length > 0)
            {
                Assert.Equal("correct horse battery staple"u8.ToArray(), body);
                break;
            }
        }
    }

    private static async Task<string> ChangeAsync(TestCustomer customer)
    {
        var request = customer.Request(UserAction.PutPolicy, customer.Policy("other", ["web-1"]));
        return (await customer.Submit(request, UserAction.PutPolicy)).Code ?? "done";
    }

    private async Task<string> LaunchAsync(TestCustomer customer)
    {
        var launch = customer.Launch(credential: "none");
        var started = await world.Requests.Ask<Result<LaunchWaiters>>(
            reply => new RequestsMessage.Start(customer.Refs, Protocol.Requests.LaunchOrder.Read(launch), reply), Patience.Limit);
        var accepted = await started.Value!.WhenAccepted.WaitAsync(Patience.Limit);
        return accepted.Code ?? "accepted";
    }
}
