using System.Text.Json;
using Broker.Console.Gateway;
using Broker.Console.Nodes;
using Broker.Protocol.Api;

namespace Broker.Console.Tests.Commands;

/// <summary>What people read of the cluster, and what of a broker of another version.</summary>
public class ClusterStatusSpecs
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000);

    private static readonly ClusterStatusModel Whole = new(
        "dmz-1", true, 7, 2,
        [
            new("dmz-1", "https://10.0.0.1:1", "aa", true, "1.2.0", 12) { LinkVersion = 3, LowestAgent = 2 },
            new("dmz-2", "https://10.0.0.2:1", null, false, null, 0) { LinkVersion = 5 },
            new("dmz-3", "https://10.0.0.3:1", null, false, null, 0),
        ],
        [
            new("acme", "owned", "dmz-1", 4, ["dmz-1"], false) { Freshness = "proven", Witnessed = Now - TimeSpan.FromSeconds(12) },
            new("bolt", "locked", "dmz-2", 9, [], true) { Freshness = "unproven", Failure = "freshness-unproven" },
            new("crop", "locked", "dmz-2", 1, [], false) { Failure = "custody-forged" },
        ], null)
    {
        LowestVersion = 2,
        Zone =
        [
            new("https://10.1.0.1:2", true)
            {
                Node = "zone-1", Version = "1.2.0", LinkVersion = 3,
                Store = new("postgresql", 4, true) { Standbys = 2, LagBytes = 4096, LagMilliseconds = 1500 },
            },
            new("https://10.1.0.2:2", true)
            {
                Node = "zone-2", Version = "1.2.0", LinkVersion = 3, Store = new("postgresql", 4, true) { Standbys = 1 },
            },
            new("https://10.1.0.3:2", true) { Node = "zone-3", LinkVersion = 2 },
            new("https://10.1.0.4:2", true) { Node = "zone-4", Version = "1.2.0", LinkVersion = 3, Store = new("", 0, false) },
            new("https://10.1.0.5:2", false),
        ],
    };

    [Fact]
    public void Status_should_say_all_that_is_known_of_the_cluster()
    {
        var said = new StringWriter();

        ClusterCommand.Write(said, Whole, Now);

        Assert.Equal(
            """
            as node dmz-1 sees it, now
              dmz-1                answers, version 1.2.0, speaks 3, 12 agents, some of which speak 2
              dmz-2                does not answer; spoke 5 last
              dmz-3                does not answer
            credential zone
              zone-1               answers, version 1.2.0, speaks 3; postgresql, schema 4, standbys: 2, 4096 bytes and 2 s behind
              zone-2               answers, version 1.2.0, speaks 3; postgresql, schema 4, standbys: 1; to see their lag, grant LAG
              zone-3               answers, speaks 2
              zone-4               answers, version 1.2.0, speaks 3; its database does not answer
              https://10.1.0.5:2   does not answer
            version 2 of the link is the lowest that anybody speaks: an upgrade is under way, and the next one has to wait
            3 customers, each to be held by 2
              acme                 owned    owner dmz-1 fence 4, held by dmz-1, head witnessed 12 s ago
              bolt                 locked   owner dmz-2 fence 9, held by nobody, a lock stands, freshness unproven
              crop                 locked   owner dmz-2 fence 1, held by nobody, last unlock failed: custody-forged
            2 locked: those who hold custody unlock, brokerctl customer unlock

            """, said.ToString().Replace("grant the zone's role pg_read_all_stats", "grant LAG", StringComparison.Ordinal));
    }

    [Fact]
    public void Status_should_be_the_same_in_JSON_as_it_came() => Assert.Equal(
        JsonSerializer.Serialize(Whole, ApiJson.Default.ClusterStatusModel),
        JsonSerializer.Serialize(
            GatewayClient.Read(
                JsonSerializer.SerializeToUtf8Bytes(Whole, ApiJson.Default.ClusterStatusModel), ApiJson.Default.ClusterStatusModel),
            ApiJson.Default.ClusterStatusModel));

    // Whatever is added to a reply is added so that a console of either side of it reads it.
    [Fact]
    public void A_console_should_read_what_brokers_of_the_versions_before_and_after_say()
    {
        const string Before = """
            {"node":"dmz-1","isCurrent":true,"view":7,"holders":2,"members":[{"node":"dmz-1","address":"","incarnation":null,"answers":true,
            "version":"1.0.0","sessions":3}],"customers":[{"customer":"acme","state":"owned","owner":"dmz-1","fence":4,"holders":["dmz-1"],
            "lockStands":false}],"next":null}
            """;

        foreach (var json in new[] { Before, Before.Replace("\"view\"", "\"weather\":{\"rain\":[1]},\"view\"", StringComparison.Ordinal) })
        {
            var read = GatewayClient.Read(System.Text.Encoding.UTF8.GetBytes(json), ApiJson.Default.ClusterStatusModel);
            Assert.Equal((0u, "unknown", "acme"), (read.LowestVersion, read.Customers[0].Freshness, read.Customers[0].Customer));
            ClusterCommand.Write(new StringWriter(), read, Now);
        }
    }
}
