using System.Runtime;

namespace Broker.Benchmarks.Custody;

/// <summary>Processor time of this process once nothing of what is measured is compiled any more, as in a broker that runs on.</summary>
internal static class SteadyState
{
    private const int QuietBlocks = 3;
    private const int MostBlocks = 60;

    /// <summary>Runs a block of work until three in a row had nothing compiled; a block is to take a good part of a second.</summary>
    public static void Reach(Action block)
    {
        for (int quiet = 0, i = 0; quiet < QuietBlocks && i < MostBlocks; i++)
        {
            var compiled = JitInfo.GetCompiledMethodCount();
            block();
            quiet = JitInfo.GetCompiledMethodCount() == compiled ? quiet + 1 : 0;
        }
    }

    /// <summary>What a block of work costs more than another: both in turns, the median of each.</summary>
    /// <param name="blocks">How many of each.</param>
    /// <param name="with">The work.</param>
    /// <param name="without">The same without what is measured.</param>
    public static TimeSpan Difference(int blocks, Action with, Action without)
    {
        var (mine, other) = (new TimeSpan[blocks], new TimeSpan[blocks]);
        for (var i = 0; i < blocks; i++)
        {
            other[i] = Cpu(without);
            mine[i] = Cpu(with);
        }

        return Median(mine) - Median(other);
    }

    /// <summary>Processor time of a piece of work, with what it leaves to other threads meanwhile.</summary>
    public static TimeSpan Cpu(Action work)
    {
        var before = Environment.CpuUsage.TotalTime;
        work();
        return Environment.CpuUsage.TotalTime - before;
    }

    private static TimeSpan Median(TimeSpan[] times) => times.Order().ElementAt(times.Length / 2);
}
