using System.Diagnostics;

namespace Broker.Benchmarks.Kernel;

/// <summary>What a number of equal operations took.</summary>
/// <param name="PerSecond">Operations per second.</param>
/// <param name="Bytes">Managed bytes allocated for each, by the whole process.</param>
internal readonly record struct Cost(double PerSecond, double Bytes)
{
    public static async Task<Cost> OfAsync(int operations, Func<Task> run)
    {
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        await run();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Cost(operations / seconds, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)operations);
    }

    /// <summary>Runs both in turns, the first time for nothing, and adds the medians to the rows.</summary>
    public static async Task CompareAsync(
        List<Measurement> rows, string name, string each, int rounds, Func<Task<Cost>> ours, Func<Task<Cost>> bare)
    {
        var mine = new List<Cost>();
        var other = new List<Cost>();
        for (var round = 0; round <= rounds; round++)
        {
            other.Add(await bare());
            mine.Add(await ours());
        }

        rows.Add(Measurement.Rate(name, Median(mine, c => c.PerSecond), Median(other, c => c.PerSecond)));
        rows.Add(Measurement.Bytes($"{name}, each {each}", Median(mine, c => c.Bytes), Median(other, c => c.Bytes)));
    }

    private static double Median(List<Cost> costs, Func<Cost, double> of) =>
        costs.Skip(1).Select(of).Order().ElementAt((costs.Count - 1) / 2);
}
