using System.Globalization;

namespace Broker.MemoryScanner.Linux;

/// <summary>One mapping of a process.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address after the last one.</param>
/// <param name="Permissions">As in <c>/proc/PID/maps</c>, for example <c>rw-p</c>.</param>
/// <param name="Path">File or pseudo name; empty for anonymous memory.</param>
/// <param name="Offset">Where in the file it starts.</param>
/// <param name="Resident">Bytes in memory or swap; 0 when the process never touched it.</param>
internal sealed record Mapping(long Start, long End, string Permissions, string Path, long Offset, long Resident)
{
    private static readonly string[] ResidentKeys = ["Rss:", "Swap:", "Shared_Hugetlb:", "Private_Hugetlb:"];

    /// <summary>How the report names it.</summary>
    public string Place => Path.Length == 0 ? "[anon]" : Path;

    /// <summary>Memory that others may fill: data can be there without this process ever having touched the page.</summary>
    public bool IsShared => Permissions.EndsWith('s');

    /// <summary>Pages of the kernel, the same in every process.</summary>
    public bool IsKernels => Path.StartsWith("[vvar", StringComparison.Ordinal) || Path == "[vsyscall]";

    /// <summary>Reads <c>/proc/PID/smaps</c>, ordered by address.</summary>
    public static List<Mapping> ReadAll(int pid)
    {
        var mappings = new List<Mapping>();
        foreach (var line in File.ReadLines($"/proc/{pid}/smaps"))
        {
            var first = line.Split(' ', 2)[0];
            if (first.EndsWith(':'))
            {
                if (ResidentKeys.Contains(first))
                    mappings[^1] = mappings[^1] with { Resident = mappings[^1].Resident + KiB(line) };
            }
            else
            {
                mappings.Add(Header(line));
            }
        }

        mappings.RemoveAll(m => m.IsKernels);
        return mappings;
    }

    private static Mapping Header(string line)
    {
        var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        var range = fields[0].Split('-');
        return new Mapping(
            Address(range[0]), Address(range[1]), fields[1], fields.Length > 5 ? fields[5].Trim() : "", Address(fields[2]), 0);
    }

    // [vsyscall] lies in the upper half; it is dropped, so only the order is lost.
    private static long Address(string hex) =>
        unchecked((long)ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static long KiB(string line) =>
        1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
