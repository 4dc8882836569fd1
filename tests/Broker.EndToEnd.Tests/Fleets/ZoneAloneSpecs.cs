using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>
/// The credential zone opens no connection but the one to its database: on machines that catch and count everything else that they send,
/// nodes do all their work, and nothing was caught.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class ZoneAloneSpecs(Certificates certificates, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_zone_should_connect_to_its_database_alone()
    {
        await using var fleet = await Fleet.StartAsync(
            certificates, new FleetOptions { Dmz = 1, Zones = 2, Etcd = 0, Agents = 1, AreZonesTrapped = true });
        await fleet.RunAsync(output, async () =>
        {
            var api = fleet.Apis[0];
            using var alice = new TestUser(fleet.Console.Profile, "alice");
            await api.CustodyAsync();
            await api.LoginAsync(alice);
            var record = new LoadRecord();
            var load = new Load(fleet.Apis, fleet.Agents, alice, record, "item");
            await RunAsync(load, 10);

            // Also while their database is away.
            await fleet.Database.StopAsync();
            await Waiting.UntilAsync("the node sees that there is no database", async () => (!await api.IsReadyAsync(), "it is ready"));
            await fleet.Database.StartAsync();
            await fleet.ReadyAsync();
            await RunAsync(load, 10);

            var ledger = await LedgerExport.OfAsync(fleet.Console, Path.Combine(fleet.Work, "ledger.audit"));
            Assert.NotEmpty(ledger.Intents);
            await fleet.Console.OkAsync("customer", "lock", Fleet.Customer, "--reason", "the end");
            await fleet.Console.OkAsync("customer", "status", Fleet.Customer);
            Assert.Equal([0L, 0L], fleet.Traps.Select(static t => t.Caught()));
        });
    }

    [SkippableTheory]
    [InlineData("/dev/tcp/192.0.2.1/443")]
    [InlineData("/dev/udp/192.0.2.1/53")]
    [InlineData("/dev/tcp/127.0.0.1/53")]
    [InlineData("/dev/tcp/10.66.0.1/22")]
    [InlineData("/dev/tcp/10.66.0.2/7443")]
    public async Task What_else_a_machine_sends_should_be_caught(string to)
    {
        using var network = PrivateNetwork.Needed();
        var (database, node, zone) = (network.Add("database"), network.Add("node"), network.Add("zone"));
        Assert.Equal(("10.66.0.1", "10.66.0.2"), (database.Address, node.Address));
        var trap = Trap.Set(zone, database, Database.Port, 7446);
        Assert.Equal(0, trap.Caught());
        // Refused, as nobody listens there: it ends by itself.
        await using (var allowed = Send(zone, $"/dev/tcp/{database.Address}/{Database.Port}"))
            _ = await allowed.ExitAsync();
        Assert.Equal(0, trap.Caught());
        await using var attempt = Send(zone, to);
        await Eventually.TrueAsync($"what was sent to {to} is caught", () => trap.Caught() > 0);
    }

    private static async Task RunAsync(Load load, int count)
    {
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(2, stop.Token);
        var until = load.Acknowledged + count;
        try
        {
            await Waiting.UntilAsync(
                "hand-offs are acknowledged", () => Task.FromResult((load.Acknowledged >= until, load.LastRefusal)));
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }
    }

    private static BrokerProcess Send(Machine from, string to)
    {
        var (program, arguments) = PrivateNetwork.On(from, "bash", ["-c", $"echo hello 3<>{to} >&3"]);
        return BrokerProcess.Start("attempt", program, arguments);
    }
}
