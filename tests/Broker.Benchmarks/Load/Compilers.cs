using System.Globalization;

namespace Broker.Benchmarks.Load;

/// <summary>
/// What the compilers of the runtimes behind two chains take of the processor: code that is run often is compiled again in the
/// background, and what is measured meanwhile is the start of a process and not its service.
/// </summary>
internal static class Compilers
{
    // How the runtime calls its thread, as far as the kernel keeps a name.
    private const string Thread = ".NET Tiered Com";
    // USER_HZ, proc(5): 100 on every architecture that .NET runs on.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>Processor time that they have spent by now, of those that live: by thread, since a compiler that rests ends.</summary>
    public static Dictionary<string, TimeSpan> Spent(IEnumerable<int> processes)
    {
        var spent = new Dictionary<string, TimeSpan>();
        foreach (var task in processes.SelectMany(static id => Directory.EnumerateDirectories($"/proc/{id}/task")))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(task, "comm")).TrimEnd() == Thread)
                {
                    spent[task] = Time(File.ReadAllText(Path.Combine(task, "stat")));
                }
            }
            catch (IOException)
            {
                // It ended between two reads.
            }
        }

        return spent;
    }

    /// <summary>What was spent from one look to the next.</summary>
    public static TimeSpan Between(Dictionary<string, TimeSpan> before, Dictionary<string, TimeSpan> after) =>
        after.Aggregate(TimeSpan.Zero, (sum, thread) => sum + thread.Value - before.GetValueOrDefault(thread.Key));

    // utime and stime are the 14th and 15th field; the name before them may hold blanks.
    private static TimeSpan Time(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return Tick * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture));
    }
}
