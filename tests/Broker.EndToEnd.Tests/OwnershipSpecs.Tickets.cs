using System.Diagnostics;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests;

/// <content>
/// Nodes that people admit, under service managers that keep their tickets over a restart: nobody is asked for anything again, until no
/// holder is left.
/// </content>
public sealed partial class OwnershipSpecs
{
    private static readonly string[] Admitters = ["alice", "bob"];

    private string _withoutTickets = "";

    [Fact]
    public async Task A_rolling_restart_by_tickets_should_ask_nobody_and_losing_all_holders_should_leave_the_customer_locked()
    {
        var directory = Directory.CreateTempSubdirectory("broker-e2e-managers.");
        var managers = new[] { "dmz-1", "dmz-2", "dmz-3" }.ToDictionary(
            static n => n, n => new DescriptorStore(Path.Combine(directory.FullName, n)));
        try
        {
            using var nodes = new DmzNodes("hand-off-timeout = 5s, cluster.move-interval = 1 day, drain.consoles = [ console-1 ]")
            {
                Managers = managers,
                Admission = $"admission.people {{ {string.Join(", ", Admitters.Select(
                    p => $"{p} = \"{certificates.Keys}/users/{p}.pub\""))} }}",
            };
            await RunAsync(nodes, RollAsync, LoseAllAsync);
        }
        finally
        {
            foreach (var manager in managers.Values)
                manager.Dispose();
            directory.Delete(recursive: true);
        }
    }

    private async Task RollAsync(Cluster cluster, DmzNodes nodes, Load load)
    {
        foreach (var node in nodes.Names.Skip(1))
            await AdmitAsync(cluster, nodes, node);
        foreach (var node in nodes.Names)
        {
            await RestartAsync(cluster, nodes, load, node, () => nodes.Process(cluster, node).StopAsync());
        }

        // Once more: what the manager kept for the start before is not in the way of the next. This time a console asks for it.
        await RestartAsync(cluster, nodes, load, "dmz-1", async () =>
        {
            // The node waits only a moment for who follows it: one who is late finds it gone, and nobody to ask again.
            var drained = await Eventually.GetAsync("dmz-1 is asked to drain", async () =>
                await cluster.Console.OnceAsync(null, "node", "drain", "dmz-1", "--follow") is var once &&
                (once.Exit != Brokerctl.Unreachable || cluster.Dmz.HasExited) ? once : null);
            Assert.True(
                drained.Exit == Brokerctl.Ok ? (drained.Out + drained.Error).Contains("closing", StringComparison.Ordinal)
                    : drained.Says("drain-not-followed"), drained.ToString());
            return await cluster.Dmz.ExitAsync();
        });

        // The zone's nodes too: nothing of theirs is in memory only.
        Assert.Equal(0, await cluster.Zone.StopAsync());
        cluster.StartZone();
        await load.MoreAsync();
        output.WriteLine($"longest gap {load.LongestGap.TotalSeconds:0.0} s");
    }

    private async Task RestartAsync(Cluster cluster, DmzNodes nodes, Load load, string node, Func<Task<int>> stop)
    {
        var (other, manager) = (nodes.Names.First(n => n != node), nodes.Managers[node]);
        await nodes.OwnedAsync(other, 2);
        // As it says itself: another one leaves out who does not answer it in time.
        var held = await HoldsAsync(nodes, node);
        var (heard, began) = (manager.Heard.Count, Stopwatch.GetTimestamp());
        load.ResetGap();

        Assert.Equal(0, await stop());
        await manager.SettleAsync();

        output.WriteLine($"{node} left in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s; {(held ? "it held the customer" : "")}");
        Assert.Contains(manager.Heard.Skip(heard), static h => h.StartsWith("STOPPING=1", StringComparison.Ordinal));
        Assert.InRange(manager.Kept, 0, held ? 1 : 0);
        var hasTickets = manager.Kept > 0;
        await nodes.OwnedAsync(other, 1, node);
        await nodes.StartAsync(cluster, node);
        if (held && !hasTickets)
        {
            // A holder has seconds to give a ticket: on a machine that stands still all may be late, once.
            Assert.True(_withoutTickets.Length == 0, $"{_withoutTickets} and {node} got no tickets");
            _withoutTickets = node;
            await AdmitAsync(cluster, nodes, node);
        }

        await Eventually.TrueAsync($"{node} holds again what it held", async () => !held || await HoldsAsync(nodes, node));
        await manager.SettleAsync();
        // It begins to collect by what was kept for it, and then has the manager forget that.
        await Eventually.TrueAsync("the manager keeps nothing", () => manager.Kept == 0);
        await load.MoreAsync();
        var back = Stopwatch.GetElapsedTime(began);
        output.WriteLine($"{node} is back after {back.TotalSeconds:0.0} s, longest gap {load.LongestGap.TotalSeconds:0.0} s");
    }

    private static async Task<bool> HoldsAsync(DmzNodes nodes, string node) =>
        (await Eventually.DecidedAsync(() => nodes.Api(node).CustomerAsync(here: true))).Ok.State is "holding" or "unlocked";

    private static async Task AdmitAsync(Cluster cluster, DmzNodes nodes, string node)
    {
        var console = await nodes.ConsoleAsync(cluster, node);
        var model = (await Eventually.DecidedAsync(
            () => nodes.Api(node).GetAsync("/v1/node", Protocol.Api.ApiJson.Default.NodeModel))).Ok;
        var binary = model.Incarnation.ToSigned().Read<Protocol.Custody.Incarnation>().Binary.ToString();
        var file = cluster.InTemporary(node + ".admission");
        File.Delete(file);
        foreach (var person in Admitters)
            await console.OkAsync("node", "vouch", "--user", person, "--binary", binary, "--file", file);
        await console.RunAsync(null, "node", "admit", "--file", file);
    }

    private static async Task LoseAllAsync(Cluster cluster, DmzNodes nodes)
    {
        foreach (var node in nodes.Names)
            await nodes.Process(cluster, node).KillAsync();
        foreach (var node in nodes.Names)
            await nodes.StartAsync(cluster, node);

        foreach (var node in nodes.Names)
        {
            await Eventually.TrueAsync($"{node} hears from the others, and none of them holds the customer", async () =>
            {
                var status = (await nodes.Api(node).GetAsync(
                    "/v1/cluster/status", Protocol.Api.ApiJson.Default.ClusterStatusModel)).Ok;
                return status.Members.All(static m => m.Answers) && status.Customers is [{ State: "locked", Holders: [] }];
            });
            Assert.Equal("locked", (await Eventually.DecidedAsync(() => nodes.Api(node).CustomerAsync())).Ok.State);
        }
    }
}
