using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Fleets;
using Broker.EndToEnd.Tests.Harness;
using Broker.Links.Services;
using Broker.TestKit;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Failover;

/// <summary>
/// How long hand-offs stand still when a node is killed: three DMZ nodes, two zone nodes, three members of etcd, PostgreSQL and 20 agents
/// as processes on the loopback, with the settings that they have by default. <c>scripts/bench failover</c> runs it:
/// <c>BROKER_FAILOVER_ROUNDS</c> says how often, <c>BROKER_FAILOVER_REPORT</c> and <c>BROKER_FAILOVER_JSON</c> where to write, and
/// <c>BROKER_FAILOVER_OWNER</c> that owners alone are killed.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class FailoverSpecs(Certificates certificates, ITestOutputHelper output)
{
    // A runtime compiles what has run some dozens of times once more: twenty agents on the cores of one machine do that at the same time,
    // and a kill in the midst of it would measure their compilers.
    private const int ServedBefore = 100;

    // The first of the choices: nothing, and the owner.
    private const int ChoicesOfOwner = 2;

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(4);

    [SkippableFact]
    public async Task Hand_offs_should_go_on_after_a_kill_and_the_gaps_be_told()
    {
        var rounds = Environment.GetEnvironmentVariable("BROKER_FAILOVER_ROUNDS");
        Skip.If(rounds is null, "minutes of kills: scripts/bench failover runs it");

        // The load shares its cores with what it measures.
        using var compiler = CompilerPriority.Lower(TimeProvider.System);
        await using var fleet = await Fleet.StartAsync(certificates, new FleetOptions
        {
            IsOnLoopback = true,
            ZoneSettings = "limits { releases-per-minute = 100000000, open-uses = 100000000 }",
        });
        await fleet.RunAsync(output, () => RunAsync(fleet, int.Parse(rounds, CultureInfo.InvariantCulture)));
        if (Environment.GetEnvironmentVariable("BROKER_FAILOVER_LOGS") is { Length: > 0 } logs)
        {
            foreach (var node in fleet.Nodes)
                await File.WriteAllTextAsync(Path.Combine(logs, node.Name + ".log"), node.Log);
        }
    }

    private async Task RunAsync(Fleet fleet, int rounds)
    {
        using var alice = new TestUser(fleet.Console.Profile, "alice");
        await fleet.HeldAsync(2);
        _ = (await fleet.Apis[0].SendAsync(
            await alice.PutAsync(fleet.Apis[0], "canary", "correct horse battery staple"u8.ToArray(), "web"),
            Broker.Protocol.Api.ApiJson.Default.ChangedModel)).Ok;
        var load = new HandOffLoad(fleet.Apis, fleet.Agents, alice, "canary");
        var table = new FailoverTable(Environment.GetEnvironmentVariable("BROKER_FAILOVER_REPORT") ?? "");
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);
        try
        {
            await load.EveryAgentAsync(ServedBefore);
            var faults = new Faults(fleet, new SeededRandom(1));
            var choices = Environment.GetEnvironmentVariable("BROKER_FAILOVER_OWNER") is null ? int.MaxValue : ChoicesOfOwner;
            for (var round = 0; round < rounds; round++)
            {
                foreach (var choose in Choices(fleet, faults, round).Take(choices))
                    await PassAsync(fleet, load, table, await choose());
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        table.Conclude();
        if (Environment.GetEnvironmentVariable("BROKER_FAILOVER_JSON") is { Length: > 0 } json)
            table.Write(json);
    }

    private static IReadOnlyList<Func<Task<Fault>>> Choices(Fleet fleet, Faults faults, int round) =>
    [
        () => Task.FromResult(new Fault(FailoverTable.Quiet, [], static () => Task.CompletedTask, static () => Task.CompletedTask)),
        async () => Kill("owner", await OwnerAsync(fleet)),
        async () =>
        {
            var owner = await OwnerAsync(fleet);
            return Kill("another DMZ node", fleet.Dmz.Where(n => n != owner).ElementAt(round % 2));
        },
        () => Task.FromResult(Kill("zone node", fleet.Zones[round % fleet.Zones.Count])),
        () => Task.FromResult(faults.KillEtcdLeader()),
        () => Task.FromResult(faults.EtcdGone()),
    ];

    private static Fault Kill(string what, Node node) => Faults.Kill(node, takesSecrets: false) with { Kind = "kill " + what };

    private static async Task<Node> OwnerAsync(Fleet fleet)
    {
        var owner = (await fleet.HeldAsync(2)).Owner;
        return fleet.Dmz.Single(n => n.Name == owner);
    }

    private async Task PassAsync(Fleet fleet, HandOffLoad load, FailoverTable table, Fault fault)
    {
        await fleet.HeldAsync(2);
        await load.EveryAgentAsync();
        var struck = TimeProvider.System.GetTimestamp();
        await fault.StrikeAsync();
        // Nothing is waited for: what happens in this time is what is measured.
        await Task.Delay(Watched, TimeProvider.System);
        output.WriteLine(table.Add(fault.Kind, load.Since(struck)));
        await fault.MendAsync();
        await fleet.ReadyAsync();
        await load.EveryAgentAsync();
    }
}
