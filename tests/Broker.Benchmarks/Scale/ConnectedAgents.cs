using System.Diagnostics;
using System.Globalization;
using Broker.Benchmarks.Load;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Benchmarks.Scale;

/// <summary>
/// What a connected agent costs the DMZ node that holds it, its session with the key owner included, beside a bare WebSocket over the same
/// mutual TLS. Both servers are fresh processes, and are measured when their garbage has been collected.
/// </summary>
internal sealed class ConnectedAgents(ScaleFiles files, InstallationKey console, Func<string, Task> say)
{
    private const int OfOneCustomer = 100;
    private const int AtOnce = 16;
    private const int Connecting = 64;

    // Each end of a link pings once in it.
    private static readonly TimeSpan PingCycle = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task MeasureAsync(List<Measurement> rows, int agents)
    {
        var (ours, bare) = (new Cost(), new Cost());
        using (var zone = new ScaleZone(files, "agents"))
        {
            await zone.StartAsync();
            using var node = new ScaleNode(files, console, "dmz-1", zone.Port);
            var enrolled = await EnrolAsync(rows, zone, node, agents);
            await say($"{agents} agents connect to a node");
            ours = await OursAsync(node, zone, enrolled);
            await node.StopAsync();
            await zone.StopAsync();
            await say($"{agents} connect to a bare server");
            bare = await BareAsync(enrolled);
        }

        rows.Add(Measurement.Bytes($"connected agent, of {agents}", ours.Bytes, bare.Bytes));
        rows.Add(Measurement.Bytes("  of it managed", ours.Managed, bare.Managed));
        rows.Add(Measurement.Rate($"sessions begun, of {agents}", ours.PerSecond, bare.PerSecond));
        rows.Add(Measurement.Time("session begun, processor time of server", ours.Milliseconds, bare.Milliseconds));
        rows.Add(Measurement.Plain("  and of the zone", "ms", ours.Zone));
        rows.Add(Measurement.Time("1000 idle for 1 s, processor time", ours.Idle, bare.Idle));
    }

    // The node is started anew afterwards: what it keeps from enrolling would hide what agents add.
    private async Task<IReadOnlyList<string>> EnrolAsync(List<Measurement> rows, ScaleZone zone, ScaleNode node, int agents)
    {
        var customers = Enumerable.Range(1, Math.Max(AtOnce, agents / OfOneCustomer)).Select(static i => Name.Parse($"held-{i}")).ToList();
        await say($"{agents} agents of {customers.Count} customers enrol");
        await node.StartAsync();
        using var administrator = P256PrivateKey.Generate(SystemRandom.Fill);
        using var custody = new CustodyCalls(console, node.Gateway, administrator) { KeepsShares = true };
        using var calls = new AdministratorCalls(console, node.Gateway, administrator);
        await ScaleBenchmark.EachAsync(customers.Count, AtOnce, i => custody.EnrolAsync(customers[i]));
        var directories = Enumerable.Range(0, agents).Select(i => Path.Combine(files.Volatile, $"agent-{i}")).ToList();
        var (done, stored) = (0, zone.Stored);
        // Those of one customer one after the other: each is a change of its directory.
        await ScaleBenchmark.EachAsync(customers.Count, AtOnce, async c =>
        {
            for (var i = c; i < agents; i += customers.Count)
            {
                await calls.EnrolAsync(customers[c], Name.Parse($"agent-{i}"), node.Enrolment, directories[i]);
                if (Interlocked.Increment(ref done) is var all && all % 1000 == 0)
                    await Console.Error.WriteLineAsync($"  {all} of {agents} agents have enrolled …");
            }
        });
        rows.Add(Measurement.Plain("enrolled agent, in the zone's database", "B", (zone.Stored - stored) / (double)agents));
        await node.StopAsync();
        await node.StartAsync();
        await ScaleBenchmark.EachAsync(customers.Count, AtOnce, i => custody.UnlockAsync(customers[i]));
        return directories;
    }

    private static async Task<Cost> OursAsync(ScaleNode node, ScaleZone zone, IReadOnlyList<string> directories)
    {
        await using var fleet = new AgentFleet();
        var process = node.Process!;
        // The first ones pay for what is there once.
        var first = directories.Count / 20;
        return await MeasureAsync(
            process, zone.Process, first, directories.Count, () => node.GaugeAsync("managed-bytes"), async (from, to) =>
            {
                for (var i = from; i < to; i++)
                    fleet.Start(directories[i], [node.Agents]);
                await fleet.LiveAsync(Patience);
            });
    }

    private async Task<Cost> BareAsync(IReadOnlyList<string> directories)
    {
        var port = ScaleFiles.Port();
        using var process = NodeProcess.Start(
            "bare", Path.Combine(files.Directory("log"), "bare.log"), Environment.ProcessPath!, "bare-sockets", "--root", files.Root,
            "--certificate", files.Certificate("dmz-1"), "--key", files.Key("dmz-1"), "--port", $"{port}");
        var links = new FrameSocket[directories.Count];
        var reading = new List<Task>();
        var node = new Uri($"https://127.0.0.1:{port}");
        async Task ConnectAsync(int from, int to)
        {
            await ScaleBenchmark.EachAsync(to - from, Connecting, async i =>
            {
                using var enrolled = AgentFleet.Load(directories[from + i]);
                links[from + i] = await FleetDialer.ConnectAsync(
                    node, enrolled.Link, AgentFleet.From(from + i), CancellationToken.None);
            });
            // Somebody has to answer the server's pings.
            reading.AddRange(links[from..to].Select(async l => await l.ReceiveAsync(CancellationToken.None)));
        }

        await process.UntilAsync("the bare server listens", () => ListensAsync(port), Patience);
        var cost = await MeasureAsync(
            process, null, directories.Count / 20, directories.Count, () => ManagedAsync(node), ConnectAsync);
        foreach (var link in links)
            link.Dispose();
        await process.StopAsync();
        await Task.WhenAll(reading).ContinueWith(static _ => { }, TaskScheduler.Default);
        return cost;
    }

    private async Task<long> ManagedAsync(Uri bare)
    {
        using var http = LinkHttpClient.CreateForWebSocket(console, new LinkServer(LinkRole.Dmz));
        using var request = new HttpRequestMessage(HttpMethod.Get, bare);
        using var answer = await http.SendAsync(request, CancellationToken.None);
        return long.Parse(await answer.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task<Cost> MeasureAsync(
        NodeProcess process, NodeProcess? zone, int first, int all, Func<Task<long>> managed, Func<int, int, Task> connect)
    {
        await connect(0, first);
        var resident = await process.SettledAsync();
        var heap = await managed();
        var (begun, spent, zoneSpent) = (Stopwatch.GetTimestamp(), process.Processor, zone?.Processor);
        await connect(first, all);
        var more = (double)(all - first);
        var cost = new Cost
        {
            PerSecond = more / Stopwatch.GetElapsedTime(begun).TotalSeconds,
            Milliseconds = (process.Processor - spent).TotalMilliseconds / more,
            Zone = (zone?.Processor - zoneSpent)?.TotalMilliseconds / more ?? 0,
        };
        cost = cost with { Bytes = (await process.SettledAsync() - resident) / more, Managed = (await managed() - heap) / more };
        spent = process.Processor;
        await Task.Delay(PingCycle, TimeProvider.System);
        return cost with { Idle = (process.Processor - spent).TotalMilliseconds / PingCycle.TotalSeconds / all * 1000 };
    }

    private static Task<bool> ListensAsync(int port) => Task.FromResult(
        System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(e => e.Port == port));

    /// <summary>Of one connection.</summary>
    private readonly record struct Cost(
        double Bytes, double Managed, double PerSecond, double Milliseconds, double Zone, double Idle);
}
