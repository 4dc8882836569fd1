using System.Diagnostics;

namespace Broker.Benchmarks.Load;

/// <summary>What a run measured.</summary>
/// <param name="PerSecond">Operations that ended well, per second.</param>
/// <param name="P50">Median latency in milliseconds.</param>
/// <param name="P99">99th percentile in milliseconds.</param>
/// <param name="Failures">Operations that did not end well; anything but 0 makes the run void.</param>
/// <param name="Shares">Processor time, user and system, that each process spent on one operation, in milliseconds.</param>
internal sealed record LoadResult(
    double PerSecond, double P50, double P99, int Failures, IReadOnlyList<(string Name, double Milliseconds)> Shares)
{
    /// <summary>Processor time of all processes for one operation, in milliseconds.</summary>
    public double Processor => Shares.Sum(static s => s.Milliseconds);
}

/// <summary>A closed loop: so many operations in flight, for so long, after a warm-up.</summary>
internal static class LoadRun
{
    /// <param name="operation">The operation; true where it ended well.</param>
    /// <param name="prepare">Makes ready what so many operations send; not measured.</param>
    /// <param name="processes">Whose processor time is counted.</param>
    /// <param name="inFlight">How many run at a time.</param>
    /// <param name="warmUp">How long before it is measured.</param>
    /// <param name="time">How long it is measured.</param>
    public static async Task<LoadResult> RunAsync(
        Func<Task<bool>> operation, Action<int> prepare, Processes processes, int inFlight, TimeSpan warmUp, TimeSpan time)
    {
        var warm = await LoopAsync(operation, inFlight, warmUp);
        prepare((int)(1.5 * warm.Sum(w => w.Latencies.Count) * (time / warmUp)) + inFlight);
        var before = processes.Spent();
        var start = Stopwatch.GetTimestamp();
        var workers = await LoopAsync(operation, inFlight, time);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var spent = processes.Spent();
        var latencies = workers.SelectMany(w => w.Latencies).Order().ToList();
        return latencies.Count == 0
            ? new LoadResult(0, 0, 0, workers.Sum(w => w.Failures), [])
            : new LoadResult(
                latencies.Count / seconds, latencies[latencies.Count / 2], latencies[latencies.Count * 99 / 100],
                workers.Sum(w => w.Failures),
                [.. processes.Names.Select((name, i) => (name, (spent[i] - before[i]).TotalMilliseconds / latencies.Count))]);
    }

    /// <summary>The load alone, for that long: what each of its workers saw.</summary>
    public static async Task<(List<double> Latencies, int Failures)[]> LoopAsync(Func<Task<bool>> operation, int inFlight, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        return await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(async () =>
        {
            var latencies = new List<double>();
            var failures = 0;
            while (Stopwatch.GetTimestamp() < until)
            {
                var start = Stopwatch.GetTimestamp();
                if (await operation())
                {
                    latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                else
                {
                    failures++;
                }
            }

            return (latencies, failures);
        })));
    }
}
