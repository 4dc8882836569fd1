using System.Text.Json;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Ledger;
using Broker.Protocol.Transfer;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>Two DMZ nodes as real processes: a certificate alone brings the second nothing, two people bring it the customer.</summary>
[Collection(Certificates.Collection)]
public sealed class SecondNodeSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task A_second_node_should_take_over_from_one_that_stops_without_an_unlock()
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
            await second.StartAsync(cluster);
            Assert.Equal("locked", await second.StateAsync());
            Assert.Equal(
                [new NotHeldModel("acme", AdmissionRefusal.TooFew)], (await AdmitAsync(cluster, second, "alice")).NotHeld);
            Assert.Equal("locked", await second.StateAsync());

            Assert.Equal(["acme"], (await AdmitAsync(cluster, second, "alice", "bob")).Held);
            Assert.Equal("holding", await second.StateAsync());

            Assert.Equal(0, await cluster.Dmz.StopAsync());

            Assert.Equal("unlocked", await second.StateAsync());
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await Eventually.TrueAsync("a launch at the second node reaches the agent", async () =>
                (await second.Api.SendAsync(alice.Launch(second.Api, "web-1", ("keep", "db")), ApiJson.Default.HandOffModel, 20))
                    .Value?.State == HandOffState.Acknowledged);
        });
    }

    private static async Task<AdmittedModel> AdmitAsync(Cluster cluster, SecondNode second, params string[] people)
    {
        var incarnation = (await second.Api.GetAsync("/v1/node", ApiJson.Default.NodeModel)).Ok.Incarnation.ToSigned().Read<Incarnation>();
        var statement = new NodeAdmission(
            incarnation.Cluster, incarnation.Node, incarnation.Key.Fingerprint, incarnation.Binary, incarnation.Started.AddHours(1)).Encode();
        var signatures = new List<UserSignatureModel>();
        foreach (var name in people)
        {
            using var person = new TestUser(cluster.Console.Profile, name);
            signatures.Add(new UserSignatureModel(name, person.Sign(statement)));
        }

        return (await second.Api.SendAsync(
            HttpMethod.Post, "/v1/node/admission",
            JsonSerializer.SerializeToUtf8Bytes(new AdmitNodeModel(statement, signatures), ApiJson.Default.AdmitNodeModel),
            ApiJson.Default.AdmittedModel)).Ok;
    }
}
