using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.Protocol.Transfer;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>Two DMZ nodes as real processes: a certificate alone brings the second nothing, two people bring it the customer.</summary>
[Collection(Certificates.Collection)]
public sealed class SecondNodeSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task A_second_node_should_be_admitted_restart_and_take_over_without_an_unlock()
    {
        using var second = new SecondNode { People = ["alice", "bob"], Keys = certificates.Keys };
        await using var cluster = await Cluster.StartReadyAsync(certificates, new ClusterOptions
        {
            DmzSettings = second.Settings,
            AgentSettings = $"dmz = ${{broker.agent.dmz}} [ \"127.0.0.1:{second.AgentsPort}\" ]",
        }, "keep");
        await cluster.RunAsync(output, async () =>
        {
            await cluster.PutAsync("db", "a credential"u8.ToArray());
            using var store = new DescriptorStore(cluster.InTemporary("notify"));
            await second.StartAsync(cluster, store);
            Assert.Equal("locked", await second.StateAsync());
            var console = new Brokerctl(Path.Combine(cluster.Work, "second"));
            await cluster.MakeProfileAsync(console, second.ConsolePort);
            var admission = cluster.InTemporary("admission.json");
            await second.VouchAsync(console, admission, "alice");
            var alone = await Eventually.GetAsync("the owner judges an admission by one person", async () =>
                await console.RunAsync(null, "node", "admit", "--file", admission) is var answer && !IsUnheard(answer) ? answer : null);
            Assert.Equal(Brokerctl.Refused, alone.Exit);
            Assert.Contains(AdmissionRefusal.TooFew, alone.Error, StringComparison.Ordinal);
            Assert.Equal("locked", await second.StateAsync());

            await second.VouchAsync(console, admission, "bob");
            await second.AdmitAsync(console, admission);

            const int most = 4;
            for (var times = 1; !await RestartAsync(cluster, second, store); times++)
            {
                Assert.True(times < most, $"after each of {most} restarts the second node held nothing by tickets");
                await second.AdmitAnewAsync(console, admission);
            }

            Assert.Equal(0, await cluster.Dmz.StopAsync());
            // The first one gives its customer over where it can; otherwise the second one claims it when it sees that its owner is gone.
            await Eventually.TrueAsync("the second node owns", async () => await second.StateAsync() == "unlocked");
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await Eventually.TrueAsync("a launch at the second node reaches the agent", async () =>
                (await second.Api.SendAsync(alice.Launch(second.Api, "web-1", ("keep", "db")), ApiJson.Default.HandOffModel, 20))
                    .Value?.State == HandOffState.Acknowledged);
        });
    }

    // The owner did not answer in the seconds that it has, so that it judged nothing.
    private static bool IsUnheard(BrokerctlResult admitted) =>
        admitted.Says("peer-unavailable") || admitted.Says("timed-out") || admitted.Says("zone-unavailable");

    /// <summary>
    /// Restarts the second node, and waits until it holds again by the tickets that it left. False where the first one did not answer in
    /// time when it was asked for a ticket, or where the second one owned.
    /// </summary>
    private static async Task<bool> RestartAsync(Cluster cluster, SecondNode second, DescriptorStore store)
    {
        Assert.Equal(0, await second.Process.StopAsync());
        await store.SettleAsync();
        if (store.Kept == 0)
        {
            await second.StartAsync(cluster, store);
            return false;
        }

        await second.StartAsync(cluster, store, store.Take());
        await Eventually.TrueAsync("the second node holds again, by the tickets that it left", second.HoldsAsync);
        return await second.StateAsync() == "holding";
    }
}
