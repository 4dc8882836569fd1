using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>Two DMZ nodes and an agent as real processes: whichever node the agent is connected to, whichever owns its customer.</summary>
[Collection(Certificates.Collection)]
public sealed class AgentAcrossNodesSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task Launches_should_reach_an_agent_over_any_node_whoever_dies_or_takes_over()
    {
        const int most = 3;
        for (var times = 1; !await PathAsync(); times++)
        {
            // On a machine that stands still the agent takes any link for lost.
            Assert.True(times < most, $"each of {most} times the agent lost its link when the other node stopped");
            output.WriteLine("the agent lost its link when the other node stopped");
        }
    }

    /// <summary>False where the agent lost its link at the end, when the node that it is not connected to stopped.</summary>
    private async Task<bool> PathAsync()
    {
        using var second = new SecondNode { People = ["alice", "bob"], Keys = certificates.Keys };
        await using var cluster = await Cluster.StartReadyAsync(certificates, new ClusterOptions
        {
            DmzSettings = second.Settings,
            AgentSettings = $"dmz = [ \"127.0.0.1:{second.AgentsPort}\" ] ${{broker.agent.dmz}}",
        }, "keep");
        var isKept = false;
        await cluster.RunAsync(output, async () =>
        {
            await cluster.PutAsync("db", "a credential"u8.ToArray());
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            using var store = new DescriptorStore(cluster.InTemporary("notify"));
            var console = new Brokerctl(Path.Combine(cluster.Work, "second"));

            await StartSecondAsync();
            await ConnectAgentToSecondAsync();
            await ShouldLaunchAsync(cluster.Api);

            var logged = cluster.Agent.Log.Length;
            await second.Process.KillAsync();
            await cluster.Agent.LoggedAsync("link lost", logged);
            await cluster.SessionAsync(logged);
            await ShouldLaunchAsync(cluster.Api);

            await StartSecondAsync();
            await ConnectAgentToSecondAsync();
            await ShouldLaunchAsync(cluster.Api);
            logged = cluster.Agent.Log.Length;
            Assert.Equal(0, await cluster.Dmz.StopAsync());
            await Eventually.TrueAsync("the second node owns", async () => await second.StateAsync() == "unlocked");
            await ShouldLaunchAsync(second.Api);
            isKept = !cluster.Agent.Log[logged..].Contains("link lost", StringComparison.Ordinal);

            async Task StartSecondAsync()
            {
                await second.StartAsync(cluster, store);
                if (!Directory.Exists(console.Profile))
                    await cluster.MakeProfileAsync(console, second.ConsolePort);
                await second.AdmitAnewAsync(console, cluster.InTemporary("admission.json"));
            }

            // Each start of the agent draws anew which node it tries first.
            Task ConnectAgentToSecondAsync() => Eventually.TrueAsync("the agent is connected to the second node", async () =>
            {
                Assert.Equal(0, await cluster.Agent.StopAsync());
                await cluster.StartAgentAsync();
                return await second.Api.GaugeAsync("agents-connected") == 1;
            });

            // Until the agent is there a launch ends with that; each is its own.
            Task ShouldLaunchAsync(ApiClient api) => Eventually.TrueAsync("a launch is acknowledged", async () =>
                (await api.SendAsync(alice.Launch(api, "web-1", ("keep", "db")), ApiJson.Default.HandOffModel, 20))
                    .Value?.State == HandOffState.Acknowledged);
        });
        return isKept;
    }
}
