using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.MemoryScanner.Linux;

/// <summary>Where in a mapping or file there is anything to read, so that reserved address space and holes cost nothing.</summary>
internal static class DataRanges
{
    private const ulong PresentOrSwapped = 3UL << 62;

    /// <summary>The pages of a mapping that the process has in memory or swap, by <c>/proc/PID/pagemap</c>.</summary>
    /// <exception cref="ScanException">The page map cannot be read.</exception>
    public static IEnumerable<(long Start, long End)> Touched(SafeFileHandle pageMap, Mapping mapping)
    {
        long pageSize = Environment.SystemPageSize;
        var entries = new ulong[8192];
        var start = -1L;
        for (var address = mapping.Start; address < mapping.End;)
        {
            var wanted = (int)Math.Min(entries.Length, (mapping.End - address) / pageSize);
            var bytes = Native.Read(pageMap, MemoryMarshal.AsBytes(entries.AsSpan(0, wanted)), address / pageSize * sizeof(ulong));
            if (bytes < sizeof(ulong))
                throw new ScanException("the process ended during the scan, or its page map cannot be read: stop it first with --stop");
            for (var i = 0; i < bytes / sizeof(ulong); i++, address += pageSize)
            {
                var there = (entries[i] & PresentOrSwapped) != 0;
                if (there && start < 0)
                    start = address;
                if (there || start < 0)
                    continue;
                yield return (start, address);
                start = -1;
            }
        }

        if (start >= 0)
            yield return (start, mapping.End);
    }

    /// <summary>The parts of a file that are no holes; null when its file system cannot tell.</summary>
    public static List<(long Start, long End)>? OfFile(SafeFileHandle file)
    {
        var ranges = new List<(long, long)>();
        for (var end = 0L; ;)
        {
            var start = Native.NextData(file, end);
            if (start < 0)
                return Marshal.GetLastPInvokeError() == Native.NoSuchAddress ? ranges : null;
            end = Native.NextHole(file, start);
            if (end <= start)
                return null;
            ranges.Add((start, end));
        }
    }
}
