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
            await Eventually.TrueAsync("the zone says that it is ready", async () =>
                await ofZone.ReadyAsync() is (HttpStatusCode.OK, { Status: "ready" }));
            await Eventually.TrueAsync("the node says that it is ready, and its zone good", async () =>
                await DmzAsync(cluster) is (HttpStatusCode.OK, { Status: "ready" } model) &&
                model.Conditions.Any(static c => c is { Name: "zone", Good: true }));

            await cluster.Zone.KillAsync();
            await Eventually.TrueAsync("the node says that it is not ready, and why", async () =>
                await DmzAsync(cluster) is (HttpStatusCode.ServiceUnavailable, { Status: "not-ready" } model) &&
                model.Conditions.Any(static c => c is { Name: "zone", Good: false, Detail: "the credential zone does not answer" }));

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
