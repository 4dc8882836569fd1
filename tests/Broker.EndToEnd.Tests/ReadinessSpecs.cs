using System.Net;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Links.Identity;
using Broker.Protocol.Api;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>What the nodes say of themselves is so, before and after the zone falls.</summary>
[Collection(Certificates.Collection)]
public sealed class ReadinessSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task A_node_should_not_be_ready_while_the_zone_is_away()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            using var ofZone = new HealthProbe(cluster.Ca, "dmz-1", LinkRole.Zone, "127.0.0.1", cluster.ZonePort);
            var zone = await ofZone.ReadyAsync();
            Assert.Equal((HttpStatusCode.OK, "ready"), (zone.Status, zone.Model.Status));
            var dmz = await DmzAsync(cluster);
            Assert.Equal((HttpStatusCode.OK, "ready"), (dmz.Status, dmz.Model.Status));
            Assert.Contains(dmz.Model.Conditions, static c => c is { Name: "zone", Good: true });

            await cluster.Zone.KillAsync();
            await Eventually.TrueAsync(
                "the node says that it is not ready", async () => (await DmzAsync(cluster)).Status == HttpStatusCode.ServiceUnavailable);
            var without = (await DmzAsync(cluster)).Model;
            Assert.Equal("not-ready", without.Status);
            Assert.Contains(
                without.Conditions, static c => c is { Name: "zone", Good: false, Detail: "the credential zone does not answer" });

            cluster.StartZone();
            await Eventually.TrueAsync("the node is ready again", async () => (await DmzAsync(cluster)).Status == HttpStatusCode.OK);
        });
    }

    private static async Task<(HttpStatusCode Status, HealthModel Model)> DmzAsync(Cluster cluster)
    {
        using var probe = new HealthProbe(cluster.Ca, "console-1", LinkRole.Dmz, "127.0.0.1", cluster.ConsolePort);
        return await probe.ReadyAsync();
    }
}
