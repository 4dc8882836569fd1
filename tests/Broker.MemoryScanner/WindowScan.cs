using Broker.MemoryScanner.Linux;

namespace Broker.MemoryScanner;

/// <summary>What a scan by windows did.</summary>
/// <param name="Tried">Windows that could be a key and were tried.</param>
/// <param name="Hits">Addresses of those that opened something.</param>
public sealed record WindowReport(long Tried, IReadOnlyList<long> Hits);

/// <summary>
/// Tries every window of the memory of another process as a key. An exact search finds what one knows; this finds a key wherever it
/// is, whatever it is, if only it opens something.
/// </summary>
public static class WindowScan
{
    /// <summary>Bytes of a window: a 256-bit key.</summary>
    public const int Length = 32;

    /// <summary>
    /// Fewest different bytes of a window that is tried. A random key has fewer with a probability below 10⁻⁹; pointers, text and
    /// counters mostly do.
    /// </summary>
    public const int LeastDifferent = 20;

    private const int Chunk = 1 << 20;

    /// <summary>Scans one process while it is stopped, on every processor.</summary>
    /// <param name="pid">Any process but the caller's own.</param>
    /// <param name="stride">8 for the windows that a key in memory of its own begins at, 1 for every offset.</param>
    /// <param name="opens">Whether the window is a key; called from several threads.</param>
    /// <exception cref="ScanException">No such process, not permitted, or it ended during the scan.</exception>
    public static WindowReport Run(int pid, int stride, Func<byte[], bool> opens)
    {
        ArgumentNullException.ThrowIfNull(opens);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        using var stopped = new StoppedProcess(pid);
        using var memory = ProcessScan.Open($"/proc/{pid}/mem");
        using var pageMap = ProcessScan.Open($"/proc/{pid}/pagemap");
        var hits = new List<long>();
        var tried = 0L;
        var chunks = Mapping.ReadAll(pid).Where(static m => m.Resident > 0)
            .SelectMany(m => DataRanges.Touched(pageMap, m)).SelectMany(static r => Chunks(r.Start, r.End));
        Parallel.ForEach(chunks, chunk =>
        {
            var bytes = new byte[chunk.Length];
            var count = (int)Math.Max(0, Native.Read(memory, bytes, chunk.Start));
            var window = new byte[Length];
            var here = 0L;
            for (var at = 0; at + Length <= count; at += stride)
            {
                var candidate = bytes.AsSpan(at, Length);
                if (!MayBeKey(candidate))
                    continue;
                here++;
                candidate.CopyTo(window);
                if (opens(window))
                {
                    lock (hits)
                        hits.Add(chunk.Start + at);
                }
            }

            Interlocked.Add(ref tried, here);
        });
        return new WindowReport(tried, hits);
    }

    /// <summary>Whether the bytes look random enough to be tried.</summary>
    internal static bool MayBeKey(ReadOnlySpan<byte> window)
    {
        ulong a = 0, b = 0, c = 0, d = 0;
        foreach (var value in window)
        {
            var bit = 1UL << (value & 63);
            switch (value >> 6)
            {
                case 0:
                    a |= bit;
                    break;
                case 1:
                    b |= bit;
                    break;
                case 2:
                    c |= bit;
                    break;
                default:
                    d |= bit;
                    break;
            }
        }

        return ulong.PopCount(a) + ulong.PopCount(b) + ulong.PopCount(c) + ulong.PopCount(d) >= LeastDifferent;
    }

    // A chunk reads on into the next one, so that a window across the border is not missed.
    private static IEnumerable<(long Start, int Length)> Chunks(long start, long end)
    {
        for (var at = start; at < end; at += Chunk)
            yield return (at, (int)Math.Min(Chunk + Length - 1, end - at));
    }
}
