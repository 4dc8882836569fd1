using System.CommandLine;

namespace Broker.Benchmarks.Kernel;

/// <summary>
/// The actor kernel beside bare channels that do the same work, in turns within one process, so that both see the same machine.
/// </summary>
internal static class KernelBenchmark
{
    private static readonly Option<string> Json = new("--json");
    private static readonly Option<int> Rounds = new("--rounds")
    {
        DefaultValueFactory = _ => 7,
        Description = "of each; the figures are medians",
    };
    private static readonly Option<int> Idle = new("--idle") { DefaultValueFactory = _ => 1_000_000, Description = "idle actors" };

    public static Command Create()
    {
        var command = new Command("kernel") { Json, Rounds, Idle };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var rounds = parsed.GetValue(Rounds);
        var rows = new List<Measurement>();
        await StepAsync("tell", () => TellFlood.MeasureAsync(rows, rounds));
        await StepAsync("ask, 1 in flight", () => AskLoad.MeasureAsync(rows, rounds, 1));
        await StepAsync("ask, 32 in flight", () => AskLoad.MeasureAsync(rows, rounds, 32));
        await StepAsync("spawn and first message", () => SpawnLoad.MeasureAsync(rows, rounds));
        await StepAsync("idle actors", () => IdleActors.MeasureAsync(rows, parsed.GetValue(Idle)));
        Measurement.Print(rows);
        if (parsed.GetValue(Json) is { } file)
            Measurement.Write(file, rows);
        return 0;
    }

    private static async Task StepAsync(string name, Func<Task> step)
    {
        await Console.Error.WriteLineAsync($"{name} …");
        await step();
    }
}
