using System.Diagnostics;
using System.Globalization;

namespace Broker.Benchmarks.Load;

/// <summary>
/// The processes that share in an operation, this one that makes the load among them. What they spend of the processor says more than a
/// rate where other work runs on the same cores.
/// </summary>
internal sealed class Processes
{
    private readonly IReadOnlyList<(string Name, int Id)> _all;

    private Processes(IReadOnlyList<(string Name, int Id)> all) => _all = all;

    /// <summary>Their names, the load last.</summary>
    public IEnumerable<string> Names => _all.Select(static p => p.Name);

    /// <summary>Reads <c>name=id</c> for each.</summary>
    public static Processes Of(IEnumerable<string> named) => new(
    [
        .. named.Select(static n => n.Split('=')).Select(static p => (p[0], int.Parse(p[1], CultureInfo.InvariantCulture))),
        ("load", Environment.ProcessId),
    ]);

    /// <summary>Their ids in the same order.</summary>
    public IEnumerable<int> Ids => _all.Select(static p => p.Id);

    /// <summary>User and system time that each has spent since its start, as the names are ordered.</summary>
    public IReadOnlyList<TimeSpan> Spent() => [.. _all.Select(static p => Spent(p.Id))];

    private static TimeSpan Spent(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.TotalProcessorTime;
    }
}
