using System.CommandLine;
using System.Diagnostics;
using Broker.Agent;
using Broker.Links.Identity;
using Broker.Secrets;

namespace Broker.Benchmarks.Scale;

/// <summary>How far an installation goes: agents on one node, customers in one cluster, nodes that join.</summary>
internal static class ScaleBenchmark
{
    private static readonly Option<string> Ca = new("--ca") { Required = true, Description = "the authority's directory" };
    private static readonly Option<string> Sources = new("--sources") { Required = true, Description = "where src is, built" };
    private static readonly Option<string> Work = new("--work") { Required = true, Description = "a directory for this run" };
    private static readonly Option<string> Volatile = new("--volatile") { Required = true, Description = "one on tmpfs" };
    private static readonly Option<int> Agents = new("--agents") { DefaultValueFactory = _ => 5000, Description = "on one node; 0: none" };
    private static readonly Option<int> Customers = new("--customers")
    {
        DefaultValueFactory = _ => 10_000,
        Description = "in one cluster; 0: none",
    };
    private static readonly Option<string> Json = new("--json");

    public static Command Create()
    {
        var command = new Command("scale") { Ca, Sources, Work, Volatile, Agents, Customers, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        SecretMemory.Configure(64 << 20);
        var files = new ScaleFiles(
            parsed.GetRequiredValue(Ca), parsed.GetRequiredValue(Sources), parsed.GetRequiredValue(Work),
            parsed.GetRequiredValue(Volatile));
        var rows = new List<Measurement>();
        var begun = Stopwatch.GetTimestamp();
        Task SayAsync(string what) =>
            Console.Error.WriteLineAsync($"[{Stopwatch.GetElapsedTime(begun).TotalSeconds,4:0} s] {what} …");
        using var console = InstallationKey.Load(files.Certificate("console-1"), files.Key("console-1"), LinkTrust.Load(files.Root));
        try
        {
            if (parsed.GetValue(Agents) is > 0 and var agents)
                await new ConnectedAgents(files, console, SayAsync).MeasureAsync(rows, agents);
            if (parsed.GetValue(Customers) is > 0 and var customers)
                await new ManyCustomers(files, console, SayAsync).MeasureAsync(rows, customers);
        }
        catch (Exception e) when (e is InvalidOperationException or HttpRequestException or IOException or AgentException)
        {
            await Console.Error.WriteLineAsync($"the benchmark ends here, with what it has: {e.Message}");
            Measurement.Print(rows);
            return 1;
        }

        Measurement.Print(rows);
        if (parsed.GetValue(Json) is { } file)
            Measurement.Write(file, rows);
        return 0;
    }

    /// <summary>Does something for each of a number, so many at a time.</summary>
    public static async Task EachAsync(int count, int atOnce, Func<int, Task> act)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < count)
                await act(number);
        })));
    }
}
