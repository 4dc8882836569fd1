using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Histories;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// Three DMZ nodes as real processes under load: whichever owns the customer is killed, stopped for a while or restarted, launches go on
/// without an unlock, nothing is opened twice, and everything ends.
/// </summary>
[Collection(Certificates.Collection)]
public sealed partial class OwnershipSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const string Settled = "hand-off-timeout = 5s, cluster.move-interval = 1 day";

    [Fact]
    public Task A_killed_owner_should_be_followed_by_a_holder_without_an_unlock() => RunAsync(Settled, async (cluster, nodes, load) =>
    {
        var owner = (await nodes.OwnedAsync("dmz-1", 2)).Owner;
        var other = nodes.Names.First(n => n != owner);
        await load.MoreAsync();

        await nodes.Process(cluster, owner).KillAsync();

        var next = await nodes.OwnedAsync(other, 2, owner);
        await load.MoreAsync();
        output.WriteLine($"{owner} killed, {next.Owner} owns under fence {next.Fence}; longest gap {load.LongestGap.TotalSeconds:0.0} s");
        await nodes.StartAsync(cluster, owner);
        await load.MoreAsync();
    });

    [Fact]
    public Task An_owner_that_sleeps_should_wake_as_a_holder() => RunAsync(Settled, async (cluster, nodes, load) =>
    {
        const int most = 4;
        for (var nights = 1; await SleepAsync() is { } moved; nights++)
        {
            // On a machine that stands still each node takes the others for gone: then it has moved on for another reason, once.
            Assert.True(nights < most, $"after each of {most} times the customer moved on: {moved}");
            output.WriteLine(moved);
        }

        async Task<string?> SleepAsync()
        {
            var owner = (await nodes.OwnedAsync("dmz-1", 2)).Owner;
            var other = nodes.Names.First(n => n != owner);
            await load.MoreAsync();
            var process = nodes.Process(cluster, owner);

            _ = Signals.Send(process.Id, Signals.Stop);
            var next = await nodes.OwnedAsync(other, 1, owner);
            _ = Signals.Send(process.Id, Signals.Continue);

            await load.MoreAsync();
            var last = await nodes.OwnedAsync(owner, 2);
            if ((next.Owner, next.Fence) != (last.Owner, last.Fence))
                return $"{next.Owner} under fence {next.Fence}, then {last.Owner} under fence {last.Fence}";
            await Eventually.TrueAsync("the one that slept knows that it does not own", async () =>
                (await nodes.Api(owner).CustomerAsync(here: true)).Ok.State is "holding" or "locked");
            output.WriteLine(
                $"{owner} slept, {next.Owner} owns under fence {next.Fence}; longest gap {load.LongestGap.TotalSeconds:0.0} s");
            return null;
        }
    });

    [Fact]
    public Task A_rolling_restart_of_every_node_should_never_ask_for_an_unlock() => RunAsync(
        "hand-off-timeout = 5s, cluster.move-interval = 5s", async (cluster, nodes, load) =>
        {
            foreach (var node in nodes.Names)
            {
                var other = nodes.Names.First(n => n != node);
                await nodes.OwnedAsync(other, 2);

                Assert.Equal(0, await nodes.Process(cluster, node).StopAsync());

                await nodes.OwnedAsync(other, 1, node);
                await nodes.StartAsync(cluster, node);
                await load.MoreAsync();
            }

            output.WriteLine($"longest gap {load.LongestGap.TotalSeconds:0.0} s");
        });

    private async Task RunAsync(string settings, Func<Cluster, DmzNodes, Load, Task> test)
    {
        using var nodes = new DmzNodes(settings);
        await RunAsync(nodes, test, static (_, _) => Task.CompletedTask);
    }

    private async Task RunAsync(DmzNodes nodes, Func<Cluster, DmzNodes, Load, Task> test, Func<Cluster, DmzNodes, Task> after)
    {
        var directory = Directory.CreateTempSubdirectory("broker-e2e-record.");
        try
        {
            await using var cluster = await Cluster.StartReadyAsync(certificates, new ClusterOptions
            {
                DmzSettings = nodes.FirstSettings,
                Wrap = (program, arguments) => nodes.Wrap("dmz-1", program, arguments),
                AgentSettings = $$"""
                    dmz = ${broker.agent.dmz} [ {{nodes.OtherAgents}} ]
                    session { reconnect-from = 20ms, reconnect-to = 100ms }
                    """,
                Uses = $$"""
                    record { mode = stdin, at-most = 512, environment { PATH = "/usr/bin:/bin" }
                      command = [ "/bin/sh", "-c", "h=$(sha256sum) && echo \"$h\" >> {{directory.FullName}}/record" ] }
                    final { mode = stdin, at-most = 512, environment { PATH = "/usr/bin:/bin" }
                      command = [ "/bin/sh", "-c", "h=$(sha256sum) && echo \"$h\" >> {{directory.FullName}}/final" ] }
                    """,
            }, "record", "final");
            await cluster.RunAsync(output, async () =>
            {
                await nodes.StartAsync(cluster);
                await UnderLoadAsync(cluster, nodes, test, directory.FullName);
                await after(cluster, nodes);
            });
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task UnderLoadAsync(Cluster cluster, DmzNodes nodes, Func<Cluster, DmzNodes, Load, Task> test, string directory)
    {
        using var alice = new TestUser(cluster.Console.Profile, "alice");
        var record = new LoadRecord();
        foreach (var api in nodes.Apis)
            await api.CustodyAsync();
        var load = new Load(nodes.Apis, ["web-1"], alice, record, "item");
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(4, stop.Token);
        try
        {
            await load.AcknowledgedAsync();
            await test(cluster, nodes, load);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var aftermath = new Aftermath(cluster.Api, cluster.Console, alice, record);
        var items = await aftermath.GatherAsync(
            cluster.InTemporary("ledger.audit"), use => Aftermath.Read(Path.Combine(directory, use)));
        output.WriteLine(aftermath.Ends);
        Assert.Empty(HistoryChecker.Check(new History(items, [], [])));
    }
}
