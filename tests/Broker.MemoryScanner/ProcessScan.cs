using System.Runtime.InteropServices;
using Broker.MemoryScanner.Linux;
using Broker.MemoryScanner.Report;
using Microsoft.Win32.SafeHandles;

namespace Broker.MemoryScanner;

/// <summary>
/// Looks through the memory of another process: every page that it has in memory or swap, whatever its protection, all data of the
/// shared files that it maps, and the deleted files (memfds too) that it has open. It cannot see <c>memfd_secret</c> pages; those are
/// listed as unread.
/// </summary>
public static class ProcessScan
{
    /// <summary>Scans one process, in the calling thread.</summary>
    /// <param name="pid">Any process but the caller's own, which holds the needles.</param>
    /// <param name="needles">What to look for.</param>
    /// <param name="stop">Whether to stop the process for the time of the scan, for an exact picture.</param>
    /// <exception cref="ScanException">No such process, not permitted, the caller's own, or it ended during the scan.</exception>
    public static ScanReport Run(int pid, NeedleSet needles, bool stop = false)
    {
        ArgumentNullException.ThrowIfNull(needles);
        if (pid == Environment.ProcessId)
            throw new ScanException("the scanner does not scan itself, it holds the needles: give another process");
        if (pid <= 0 || !Directory.Exists($"/proc/{pid}"))
            throw new ScanException($"no process {pid}: give the id of one that runs");
        try
        {
            using var stopped = stop ? new StoppedProcess(pid) : null;
            var report = new ReportBuilder(needles);
            using var memory = Open($"/proc/{pid}/mem");
            using var pageMap = Open($"/proc/{pid}/pagemap");
            ScanMappings(pid, memory, pageMap, report);
            OpenFileScan.Run(pid, report);
            return report.Build($"process {pid} ({File.ReadAllText($"/proc/{pid}/comm").Trim()})");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ScanException($"not permitted to read process {pid}: run as root or as its user", e);
        }
        catch (IOException e)
        {
            throw new ScanException($"process {pid} cannot be scanned, has it ended? {e.Message}", e);
        }
    }

    internal static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Where a mapping holds anything.</summary>
    internal static IEnumerable<(long Start, long End)> RangesOf(int pid, Mapping mapping, SafeFileHandle pageMap) =>
        (mapping.IsShared ? SharedData(pid, mapping) : null) ?? (mapping.Resident > 0 ? DataRanges.Touched(pageMap, mapping) : []);

    private static void ScanMappings(int pid, SafeFileHandle memory, SafeFileHandle pageMap, ReportBuilder report)
    {
        var mappings = Mapping.ReadAll(pid);
        if (mappings.Count == 0)
            throw new ScanException($"process {pid} has no memory: it has ended, or is a thread of the kernel");
        var starts = mappings.ConvertAll(m => m.Start);
        report.PlaceAt = address =>
        {
            var at = starts.BinarySearch(address);
            var mapping = mappings[at >= 0 ? at : ~at - 1];
            return (mapping.Place, mapping.Permissions);
        };
        foreach (var mapping in mappings)
        {
            foreach (var (start, end) in RangesOf(pid, mapping, pageMap))
                ScanRange(memory, mapping, start, end, report);
        }

        report.Search.Finish();
    }

    private static void ScanRange(SafeFileHandle memory, Mapping mapping, long start, long end, ReportBuilder report)
    {
        long pageSize = Environment.SystemPageSize;
        report.Search.Begin(start);
        while (start < end)
        {
            var space = report.Search.Space.Span;
            var count = Native.Read(memory, space[..(int)Math.Min(space.Length, end - start)], start);
            if (count > 0)
            {
                report.Search.Advance((int)count);
                report.BytesScanned += count;
                start += count;
                continue;
            }

            if (count == 0)
                throw new ScanException("the process ended during the scan");
            var skipped = pageSize - (start % pageSize);
            report.Unread(mapping.Place, mapping.Permissions, skipped, Marshal.GetLastPInvokeErrorMessage());
            start += skipped;
            report.Search.Begin(start);
        }
    }

    /// <summary>The parts of a shared mapping whose file has data; null when that cannot be learnt and the page map has to do.</summary>
    private static List<(long Start, long End)>? SharedData(int pid, Mapping mapping)
    {
        try
        {
            using var file = Open($"/proc/{pid}/map_files/{mapping.Start:x}-{mapping.End:x}");
            var ranges = new List<(long, long)>();
            foreach (var (start, end) in DataRanges.OfFile(file) ?? throw new IOException())
            {
                var first = Math.Max(mapping.Start, mapping.Start + start - mapping.Offset);
                var last = Math.Min(mapping.End, mapping.Start + end - mapping.Offset);
                if (first < last)
                    ranges.Add((first, last));
            }

            return ranges;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
