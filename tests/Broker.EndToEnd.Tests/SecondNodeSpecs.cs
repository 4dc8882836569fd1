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
            string[] vouch = ["node", "vouch", "--binary", await second.BinaryAsync(), "--file", admission, "--user"];
            await console.OkAsync([.. vouch, "alice"]);
            var alone = await console.RunAsync(null, "node", "admit", "--file", admission);
            Assert.Equal(Brokerctl.Refused, alone.Exit);
            Assert.Contains(AdmissionRefusal.TooFew, alone.Error, StringComparison.Ordinal);
            Assert.Equal("locked", await second.StateAsync());

            await console.OkAsync([.. vouch, "bob"]);
            await console.OkAsync("node", "admit", "--file", admission);
            Assert.Equal("holding", await second.StateAsync());

            Assert.Equal(0, await second.Process.StopAsync());
            await store.SettleAsync();
            await second.StartAsync(cluster, store, store.Take());
            await Eventually.TrueAsync(
                "the second node holds again, by the tickets that it left", async () => await second.StateAsync() == "holding");

            Assert.Equal(0, await cluster.Dmz.StopAsync());
            Assert.Equal("unlocked", await second.StateAsync());
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await Eventually.TrueAsync("a launch at the second node reaches the agent", async () =>
                (await second.Api.SendAsync(alice.Launch(second.Api, "web-1", ("keep", "db")), ApiJson.Default.HandOffModel, 20))
                    .Value?.State == HandOffState.Acknowledged);
        });
    }
}
