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
        using var second = new SecondNode { People = ["alice", "bob"], Keys = certificates.Keys };
        await using var cluster = await Cluster.StartReadyAsync(certificates, new ClusterOptions
        {
            DmzSettings = second.Settings,
            // The second node is the agent's first choice whenever it is there.
            AgentSettings = $"dmz = [ \"127.0.0.1:{second.AgentsPort}\" ] ${{broker.agent.dmz}}",
        }, "keep");
        await cluster.RunAsync(output, async () =>
        {
            await cluster.PutAsync("db", "a credential"u8.ToArray());
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            using var store = new DescriptorStore(cluster.InTemporary("notify"));
            var console = new Brokerctl(Path.Combine(cluster.Work, "second"));

            await StartSecondAsync();
            await RestartAgentAsync();
            await ShouldLaunchAsync(cluster.Api);

            var logged = cluster.Agent.Log.Length;
            await second.Process.KillAsync();
            await cluster.Agent.LoggedAsync("link lost", logged);
            await cluster.SessionAsync(logged);
            await ShouldLaunchAsync(cluster.Api);

            await StartSecondAsync();
            await RestartAgentAsync();
            await ShouldLaunchAsync(cluster.Api);
            logged = cluster.Agent.Log.Length;
            Assert.Equal(0, await cluster.Dmz.StopAsync());
            Assert.Equal("unlocked", await second.StateAsync());
            await ShouldLaunchAsync(second.Api);
            Assert.DoesNotContain("link lost", cluster.Agent.Log[logged..], StringComparison.Ordinal);

            async Task StartSecondAsync()
            {
                await second.StartAsync(cluster, store);
                if (!Directory.Exists(console.Profile))
                    await cluster.MakeProfileAsync(console, second.ConsolePort);
                var admission = cluster.InTemporary("admission.json");
                File.Delete(admission);
                foreach (var person in new[] { "alice", "bob" })
                {
                    await console.OkAsync(
                        "node", "vouch", "--binary", await second.BinaryAsync(), "--file", admission, "--user", person);
                }

                // A start that was killed counts as alive for a while.
                await Eventually.TrueAsync("the second node holds the customer", async () =>
                {
                    await console.RunAsync(null, "node", "admit", "--file", admission);
                    return await second.StateAsync() == "holding";
                });
            }

            async Task RestartAgentAsync()
            {
                Assert.Equal(0, await cluster.Agent.StopAsync());
                await cluster.StartAgentAsync();
            }

            // Until the agent is there a launch ends with that; each is its own.
            Task ShouldLaunchAsync(ApiClient api) => Eventually.TrueAsync("a launch is acknowledged", async () =>
                (await api.SendAsync(alice.Launch(api, "web-1", ("keep", "db")), ApiJson.Default.HandOffModel, 20))
                    .Value?.State == HandOffState.Acknowledged);
        });
    }
}
