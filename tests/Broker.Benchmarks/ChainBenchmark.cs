using System.CommandLine;
using System.Diagnostics;
using Broker.Benchmarks.Custody;
using Broker.Benchmarks.Load;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Benchmarks;

/// <summary>
/// Hand-offs and puts through the running system, each beside the bare chain in turns, so that both see the same machine.
/// </summary>
internal static class ChainBenchmark
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    // As many as are in flight where they are most.
    private const int PutsOfHead = 64;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);
    // Steady: of a turn of both chains their compilers took less than a twentieth of one core, three times in a row.
    private const double Compiling = 0.05;
    private const int QuietTurns = 3;
    private const int MostTurns = 30;

    private static readonly Option<string[]> Names = new("--name") { DefaultValueFactory = _ => ["hand-off", "put"] };
    private static readonly Option<string> Root = new("--root") { Required = true };
    private static readonly Option<string> Certificate = new("--certificate") { Required = true };
    private static readonly Option<string> Key = new("--key") { Required = true };
    private static readonly Option<string> Gateway = new("--gateway") { Required = true };
    private static readonly Option<string> BareGateway = new("--bare-gateway") { Required = true };
    private static readonly Option<string> UserKeys = new("--user-keys") { Required = true };
    private static readonly Option<string> Json = new("--json");
    private static readonly Option<int[]> InFlight = new("--in-flight") { DefaultValueFactory = _ => [1, 64] };
    private static readonly Option<int> Rounds = new("--rounds") { DefaultValueFactory = _ => 3 };
    private static readonly Option<string> Directory = new("--directory") { Description = "where the cost of proofs is measured" };
    private static readonly Option<string[]> Ours = new("--process") { DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Theirs = new("--bare-process") { DefaultValueFactory = _ => [] };

    public static Command Create()
    {
        var command = new Command("chain") { Names, Root, Certificate, Key, Gateway, BareGateway, UserKeys, Json, InFlight, Rounds,
            Directory, Ours, Theirs };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        SecretMemory.Configure(8 << 20);
        using var key = InstallationKey.Load(
            parsed.GetRequiredValue(Certificate), parsed.GetRequiredValue(Key), LinkTrust.Load(parsed.GetRequiredValue(Root)));
        var keys = parsed.GetRequiredValue(UserKeys);
        var gateway = new Uri(parsed.GetRequiredValue(Gateway));
        using var launcher = new BrokerCalls(key, gateway, Name.Parse("acme"), Name.Parse("olga"), Path.Combine(keys, "olga.key"));
        using var putter = new BrokerCalls(key, gateway, Name.Parse("acme"), Name.Parse("alice"), Path.Combine(keys, "alice.key"));
        using var bare = new BareCalls(key, new Uri(parsed.GetRequiredValue(BareGateway)));
        var launch = new LaunchPayload(
            Name.Parse("web-1"), [new LaunchItem(Name.Parse("canary"), 0, Name.Parse("keep"))], default);
        var prefix = $"bench-{Environment.ProcessId}";
        var (processes, bareProcesses) = (Processes.Of(parsed.GetRequiredValue(Ours)), Processes.Of(parsed.GetRequiredValue(Theirs)));
        var rows = new List<Measurement>();
        var spent = new Dictionary<string, double>();
        var failures = 0;
        foreach (var name in parsed.GetRequiredValue(Names))
        {
            var (ours, prepare, theirs) = name switch
            {
                "hand-off" => ((Func<Task<bool>>)(() => launcher.LaunchAsync(launch)),
                    (Action<int>)(count => launcher.SignLaunches(count, launch)), (Func<Task<bool>>)bare.LaunchAsync),
                "put" => (() => putter.PutAsync(prefix), static _ => { }, bare.PutAsync),
                _ => throw new ArgumentException($"there is no benchmark {name}; hand-off and put are"),
            };
            await Console.Error.WriteLineAsync($"{name}, until it is compiled …");
            if (!await WarmAsync(ours, theirs, [.. processes.Ids, .. bareProcesses.Ids]))
            {
                await Console.Error.WriteLineAsync($"{name} is still being compiled: the figures are those of a start, not of a service");
            }

            foreach (var inFlight in parsed.GetRequiredValue(InFlight))
            {
                await Console.Error.WriteLineAsync($"{name}, {inFlight} in flight …");
                failures += await CompareAsync(rows, $"{name} x{inFlight}", (ours, prepare, processes), (theirs, bareProcesses), inFlight,
                    parsed.GetValue(Rounds), spent);
            }
        }

        if (parsed.GetValue(Directory) is { } directory)
        {
            await Console.Error.WriteLineAsync("heads, proofs and witnesses …");
            AddProofs(rows, spent, ProofCost.Measure(directory, PutsOfHead));
        }

        Measurement.Print(rows);
        if (parsed.GetValue(Json) is { } file)
        {
            Measurement.Write(file, rows);
        }

        if (failures > 0)
        {
            await Console.Error.WriteLineAsync(
                $"{failures} operations failed, so the figures are void: {launcher.FirstFailure ?? putter.FirstFailure}");
            return 1;
        }

        return 0;
    }

    private static async Task<bool> WarmAsync(Func<Task<bool>> ours, Func<Task<bool>> theirs, int[] processes)
    {
        var quiet = 0;
        for (var turn = 0; turn < MostTurns && quiet < QuietTurns; turn++)
        {
            var before = Compilers.Spent(processes);
            var start = Stopwatch.GetTimestamp();
            await LoadRun.LoopAsync(theirs, PutsOfHead, WarmUp);
            await LoadRun.LoopAsync(ours, PutsOfHead, WarmUp);
            var share = Compilers.Between(before, Compilers.Spent(processes)) / Stopwatch.GetElapsedTime(start);
            quiet = share < Compiling ? quiet + 1 : 0;
        }

        return quiet == QuietTurns;
    }

    private static async Task<int> CompareAsync(
        List<Measurement> rows, string name, (Func<Task<bool>> Operation, Action<int> Prepare, Processes Processes) ours,
        (Func<Task<bool>> Operation, Processes Processes) theirs, int inFlight, int rounds, Dictionary<string, double> spent)
    {
        var mine = new List<LoadResult>();
        var other = new List<LoadResult>();
        for (var round = 0; round < rounds; round++)
        {
            other.Add(await LoadRun.RunAsync(theirs.Operation, static _ => { }, theirs.Processes, inFlight, WarmUp, Round));
            mine.Add(await LoadRun.RunAsync(ours.Operation, ours.Prepare, ours.Processes, inFlight, WarmUp, Round));
        }

        rows.Add(Measurement.Rate(name, Median(mine, r => r.PerSecond), Median(other, r => r.PerSecond)));
        rows.Add(Measurement.Time($"{name} p50", Median(mine, r => r.P50), Median(other, r => r.P50)));
        rows.Add(Measurement.Time($"{name} p99", Median(mine, r => r.P99), Median(other, r => r.P99)));
        rows.Add(Measurement.Time($"{name} processor time", Median(mine, r => r.Processor), Median(other, r => r.Processor)));
        spent[name] = mine[0].Shares.Select((s, i) => s.Name == "load" ? 0 : Median(mine, r => r.Shares[i].Milliseconds)).Sum();
        await Console.Error.WriteLineAsync($"  broker: {Shares(mine)}");
        await Console.Error.WriteLineAsync($"  bare:   {Shares(other)}");
        return mine.Sum(r => r.Failures) + other.Sum(r => r.Failures);
    }

    // The broker's is the whole operation on its nodes, without the load; bare is the same without heads, proofs and witnesses.
    private static void AddProofs(List<Measurement> rows, Dictionary<string, double> spent, (double Put, double HandOff) proofs)
    {
        foreach (var (name, milliseconds) in spent.Where(static s => s.Key.EndsWith($"x{PutsOfHead}", StringComparison.Ordinal)))
        {
            var without = milliseconds - (name.StartsWith("put", StringComparison.Ordinal) ? proofs.Put : proofs.HandOff);
            rows.Add(Measurement.Time($"{name} with proofs; without", milliseconds, without));
        }
    }

    private static string Shares(List<LoadResult> results) => string.Join(", ", results[0].Shares.Select(
        (share, i) => FormattableString.Invariant($"{share.Name} {1000 * Median(results, r => r.Shares[i].Milliseconds):0} us")));

    private static double Median(List<LoadResult> results, Func<LoadResult, double> of) =>
        results.Select(of).Order().ElementAt(results.Count / 2);
}
