using System.Diagnostics;
using System.Net.Http.Json;
using Broker.Benchmarks.Load;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Benchmarks.Scale;

/// <summary>Many customers in one cluster: what they cost the zone, how soon it answers, and what happens when nodes join.</summary>
internal sealed class ManyCustomers(ScaleFiles files, InstallationKey console, Func<string, Task> say)
{
    private const int AtOnce = 16;
    private const int Page = 1000;
    private const int Statuses = 200;

    public async Task MeasureAsync(List<Measurement> rows, int customers)
    {
        using var zone = new ScaleZone(files, "customers");
        List<ScaleNode> nodes = [.. new[] { "dmz-1", "dmz-2", "dmz-3" }.Select(n => new ScaleNode(files, console, n, zone.Port))];
        try
        {
            var begun = Stopwatch.GetTimestamp();
            await zone.StartAsync();
            var empty = Stopwatch.GetElapsedTime(begun);
            await nodes[0].StartAsync(nodes);
            using var keys = new AdministratorKey(files);
            using var custody = new CustodyCalls(console, nodes[0].Gateway, keys.Key);
            await EnrolAsync(rows, zone, custody, customers);
            await AnswersAsync(rows, nodes[0].Gateway, customers);
            await RestartAsync(rows, zone, custody, customers, empty);
            await new JoiningNodes(files, console, say, nodes, zone).MeasureAsync(
                rows, custody, keys, [.. Enumerable.Range(0, customers).Select(Customer)]);
        }
        finally
        {
            foreach (var node in nodes)
                node.Dispose();
        }
    }

    private static Name Customer(int number) => Name.Parse($"many-{number}");

    private async Task EnrolAsync(List<Measurement> rows, ScaleZone zone, CustodyCalls custody, int customers)
    {
        await say($"{customers} customers enrol");
        // The first ones pay for what is there once.
        var first = customers / 10;
        await ScaleBenchmark.EachAsync(first, AtOnce, i => custody.EnrolAsync(Customer(i)));
        var (resident, stored) = (await zone.Process!.SettledAsync(), zone.Stored);
        var (begun, done) = (Stopwatch.GetTimestamp(), first);
        await ScaleBenchmark.EachAsync(customers - first, AtOnce, async i =>
        {
            await custody.EnrolAsync(Customer(first + i));
            if (Interlocked.Increment(ref done) is var all && all % 1000 == 0)
                await Console.Error.WriteLineAsync($"  {all} of {customers} customers are enrolled …");
        });
        var (seconds, more) = (Stopwatch.GetElapsedTime(begun).TotalSeconds, (double)(customers - first));
        rows.Add(Measurement.Plain($"customers enrolled, of {customers}", "1/s", more / seconds));
        rows.Add(Measurement.Plain("  each in the zone's memory", "B", (await zone.Process!.SettledAsync() - resident) / more));
        rows.Add(Measurement.Plain("  each in the zone's database", "B", (zone.Stored - stored) / more));
    }

    private async Task AnswersAsync(List<Measurement> rows, Uri gateway, int customers)
    {
        await say("they are listed and looked at");
        using var http = LinkHttpClient.Create(console, new LinkServer(LinkRole.Dmz), gateway);
        var begun = Stopwatch.GetTimestamp();
        var listed = 0;
        for (var after = ""; after is not null;)
        {
            var page = await http.GetFromJsonAsync($"/v1/customers?limit={Page}&after={after}", ApiJson.Default.PageModelString);
            listed += page!.Items.Count;
            after = page.Next;
        }

        rows.Add(Measurement.Plain($"all {listed} names listed", "ms", Stopwatch.GetElapsedTime(begun).TotalMilliseconds));
        var latencies = new List<double>();
        for (var i = 0; i < Statuses; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await http.GetFromJsonAsync($"/v1/customers/{Customer(i * 7919 % customers)}", ApiJson.Default.CustomerModel);
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        rows.Add(Measurement.Plain("status of one, p50", "ms", latencies.Order().ElementAt(Statuses / 2)));
    }

    private async Task RestartAsync(List<Measurement> rows, ScaleZone zone, CustodyCalls custody, int customers, TimeSpan empty)
    {
        await say("the zone starts again");
        await zone.StopAsync();
        var begun = Stopwatch.GetTimestamp();
        await zone.StartAsync();
        var listens = Stopwatch.GetElapsedTime(begun);
        await zone.Process!.UntilAsync(
            "the zone answers", async () =>
            {
                try
                {
                    return (await custody.ShowAsync(Customer(customers - 1))).State == "unlocked";
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, TimeSpan.FromMinutes(1));
        rows.Add(Measurement.Time("zone starts; bare: with an empty database", listens.TotalMilliseconds, empty.TotalMilliseconds));
        rows.Add(Measurement.Plain("  until a node answers by it", "ms", Stopwatch.GetElapsedTime(begun).TotalMilliseconds));
    }
}
