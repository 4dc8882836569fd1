using System.Net;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>
/// Readiness follows the database: a zone node is not ready while it cannot be written, a DMZ node while no zone node is, and both come
/// back by themselves. All live on.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class DatabaseReadinessSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const string Unusable = "the database takes no writes; the zone's log says why";
    private const string Full = "the database has no space left";
    private const string NoZone = "no node of the credential zone has a database that takes writes";

    [SkippableFact]
    public async Task Nodes_should_be_ready_while_the_database_takes_writes()
    {
        await using var fleet = await Fleet.StartAsync(certificates, new FleetOptions { Dmz = 1, Zones = 2, Etcd = 0, Agents = 0 });
        await fleet.RunAsync(output, async () =>
        {
            var (one, two, dmz) = (fleet.Health(fleet.Zones[0]), fleet.Health(fleet.Zones[1]), fleet.Health(fleet.Dmz[0]));
            async Task AllAsync(string zone, string node)
            {
                await SaysAsync(one, "store", zone);
                await SaysAsync(two, "store", zone);
                await SaysAsync(dmz, "zone", node);
                foreach (var probe in new[] { one, two, dmz })
                    Assert.Equal(HttpStatusCode.OK, await LiveAsync(probe));
            }

            await AllAsync("", "");

            await fleet.Database.StopAsync();
            await AllAsync(Unusable, NoZone);
            await fleet.Database.StartAsync();
            await AllAsync("", "");

            await ReadOnlyAsync(fleet.Database, "on");
            await AllAsync(Unusable, NoZone);
            await ReadOnlyAsync(fleet.Database, "off");
            await AllAsync("", "");

            // One that sees no database does not count while the other does.
            fleet.Network.Cut(fleet.Zones[0].Machine, fleet.Database.Machine);
            await SaysAsync(one, "store", Unusable);
            await SaysAsync(two, "store", "");
            await SaysAsync(dmz, "zone", "");
            fleet.Network.Heal(fleet.Zones[0].Machine, fleet.Database.Machine);
            await AllAsync("", "");

            fleet.Database.FillDisk();
            await SaysAsync(one, "store", Full, Unusable);
            await SaysAsync(dmz, "zone", NoZone);
            fleet.Database.EmptyDisk();
            await fleet.Database.RunningAsync();
            await AllAsync("", "");
        });
    }

    private static async Task ReadOnlyAsync(Database database, string value)
    {
        await database.SqlAsync("postgres", $"ALTER SYSTEM SET default_transaction_read_only = {value}");
        await database.SqlAsync("postgres", "SELECT pg_reload_conf()");
    }

    // An answer that does not come is asked for again; one that comes is the answer.
    private static async Task<HttpStatusCode> LiveAsync(HealthProbe probe)
    {
        HttpStatusCode status = default;
        await Waiting.UntilAsync("the node says whether it lives", async () =>
        {
            (status, _) = await probe.LiveAsync();
            return (true, "");
        });
        return status;
    }

    // What is good has no detail, and a node says that it is ready just where all is good.
    private static Task SaysAsync(HealthProbe probe, string condition, params string[] details) => Waiting.UntilAsync(
        $"{condition} is '{string.Join("' or '", details)}'", async () =>
        {
            var (status, model) = await probe.ReadyAsync();
            var said = model.Conditions.Single(c => c.Name == condition);
            var fits = status == (said.Good ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
            return (fits && said.Good == (said.Detail.Length == 0) && details.Contains(said.Detail), $"{(int)status} {said.Detail}");
        });
}
