using System.Diagnostics;
using Broker.Benchmarks.Load;
using Broker.Cluster;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Benchmarks.Scale;

/// <summary>
/// One DMZ node after the other joins: how long it takes until each customer is held by two and owned by the one that is first for it,
/// and how many hand-offs a second there are then, with agents and consoles at any node.
/// </summary>
internal sealed class JoiningNodes(
    ScaleFiles files, InstallationKey console, Func<string, Task> say, IReadOnlyList<ScaleNode> nodes, ScaleZone zone)
{
    private const int Busy = 24;
    private const int InFlight = 64;
    private const int Holders = 2;

    private static readonly Name Agent = Name.Parse("agent-1");
    private static readonly Name Credential = Name.Parse("door");
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task MeasureAsync(List<Measurement> rows, CustodyCalls custody, AdministratorKey keys, IReadOnlyList<Name> others)
    {
        await say($"{Busy} customers with an agent each");
        var busy = Enumerable.Range(0, Busy).Select(static i => Name.Parse($"busy-{i}")).ToList();
        using var administrator = new AdministratorCalls(console, nodes[0].Gateway, keys.Key);
        await ScaleBenchmark.EachAsync(Busy, 8, async i =>
        {
            await custody.EnrolAsync(busy[i]);
            await administrator.PutPolicyAsync(busy[i]);
            using var calls = new BrokerCalls(console, nodes[0].Gateway, busy[i], CustodyCalls.Administrator, keys.File);
            if (!await calls.PutAsync(Credential, AdministratorCalls.Policy))
                throw new InvalidOperationException(calls.FirstFailure);
            await administrator.EnrolAsync(busy[i], Agent, nodes[0].Enrolment, Path.Combine(files.Volatile, busy[i].Value));
        });

        LoadResult? alone = null;
        for (var count = 1; count <= nodes.Count; count++)
        {
            if (count > 1)
            {
                await say($"node {count} joins");
                await JoinAsync(rows, count, [.. others, .. busy]);
            }

            await say($"hand-offs with {count} of {nodes.Count} nodes");
            var result = await LoadAsync(count, busy, keys.File);
            alone ??= result;
            var name = count == 1 ? "hand-offs, 1 node" : $"hand-offs, {count} nodes; bare: 1 node";
            rows.Add(Measurement.Rate(name, result.PerSecond, alone.PerSecond));
            rows.Add(Measurement.Time("  processor time", result.Processor, alone.Processor));
        }
    }

    private async Task JoinAsync(List<Measurement> rows, int count, IReadOnlyList<Name> customers)
    {
        var running = nodes.Take(count).ToList();
        var owners = customers.GroupBy(c => Places(c, running)[0]).ToDictionary(static g => g.Key, static g => (long)g.Count());
        var its = customers.Count(c => Places(c, running).Take(Holders).Contains(running[^1].Name));
        var (begun, shown) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        running[^1].Begin(nodes);
        await running[^1].ReadyAsync();
        TimeSpan? held = null;
        while (true)
        {
            var (holding, owning) = (new long[count], new long[count]);
            for (var i = 0; i < count; i++)
            {
                holding[i] = await running[i].GaugeAsync("customers-held");
                owning[i] = await running[i].GaugeAsync("customers-owned");
            }

            var time = Stopwatch.GetElapsedTime(begun);
            if (holding[^1] >= its)
                held ??= time;
            if (held is { } heldIn && running.Select((n, i) => owning[i] == owners[n.Name]).All(static same => same))
            {
                rows.Add(Measurement.Plain($"node {count} joins: {its} customers held by it", "s", heldIn.TotalSeconds));
                rows.Add(Measurement.Plain($"  {owners[running[^1].Name]} owned by it, all by the first", "s", time.TotalSeconds));
                return;
            }

            if (time > Patience)
            {
                throw new InvalidOperationException(
                    $"{customers.Count} customers are owned by {string.Join(", ", owning)} after {time.TotalSeconds:0} s, and not by " +
                    string.Join(", ", running.Select(n => owners[n.Name])));
            }

            if (Stopwatch.GetElapsedTime(shown) > TimeSpan.FromSeconds(5))
            {
                await Console.Error.WriteLineAsync($"  held: {string.Join(", ", holding)}; owned: {string.Join(", ", owning)} …");
                shown = Stopwatch.GetTimestamp();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private async Task<LoadResult> LoadAsync(int count, List<Name> busy, string userKey)
    {
        var running = nodes.Take(count).ToList();
        await using var fleet = new AgentFleet();
        var calls = new List<BrokerCalls>();
        try
        {
            for (var i = 0; i < busy.Count; i++)
            {
                // Each at another node than its console, where there is one.
                var place = i;
                fleet.Start(
                    Path.Combine(files.Volatile, busy[i].Value),
                    [.. running.Select((_, n) => running[(place + n) % count].Agents)]);
                calls.Add(new BrokerCalls(
                    console, running[(i + 1) % count].Gateway, busy[i], CustodyCalls.Administrator, userKey));
            }

            await fleet.LiveAsync(Patience);
            var next = 0;
            var processes = Processes.Of(
                [$"zone={zone.Process!.Id}", .. running.Select(static n => $"{n.Name}={n.Process!.Id}")]);
            var launch = new LaunchPayload(Agent, [new LaunchItem(Credential, 0, AdministratorCalls.Use)], default);
            var result = await LoadRun.RunAsync(
                () => calls[(int)((uint)Interlocked.Increment(ref next) % busy.Count)].LaunchAsync(launch),
                count => calls.ForEach(c => c.SignLaunches((count / calls.Count) + 1, launch)),
                processes, InFlight, WarmUp, Round);
            return result.Failures == 0 ? result : throw new InvalidOperationException(
                $"{result.Failures} hand-offs failed: {calls.Select(static c => c.FirstFailure).First(static f => f is not null)}");
        }
        finally
        {
            foreach (var one in calls)
                one.Dispose();
        }
    }

    private static List<string> Places(Name customer, IEnumerable<ScaleNode> running) => [.. Rendezvous.Order(
        customer, running.Select(static n => new Member(Name.Parse(n.Name), n.Agents, default, ""))).Select(static m => m.Node.Value)];
}
