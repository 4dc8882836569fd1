namespace Broker.MemoryScanner.Windows;

/// <summary>What a scan by windows did.</summary>
/// <param name="Bytes">Bytes of memory that were looked through.</param>
/// <param name="Tried">Windows that were tried: all, but of those that are nothing but zeros one each MiB.</param>
/// <param name="Hits">Addresses of those that opened something.</param>
/// <param name="Unread">Places of pages that could not be read.</param>
public sealed record WindowReport(long Bytes, long Tried, IReadOnlyList<long> Hits, IReadOnlyList<string> Unread);

/// <summary>
/// Tries every window of the memory of another process as a key. An exact search finds what one knows; this finds a key wherever it
/// is, whatever it is, if only it opens something.
/// </summary>
public static class WindowScan
{
    private const int Chunk = 1 << 20;

    /// <summary>Scans one process as it is at this moment, on every processor. It is stopped only while its memory is copied.</summary>
    /// <param name="pid">Any process but the caller's own.</param>
    /// <param name="stride">8 for the addresses that a key in memory of its own begins at, 1 for every one; a divisor of 4096.</param>
    /// <param name="attack">What is known of the rows.</param>
    /// <exception cref="ScanException">No such process, not permitted, or it ended during the scan.</exception>
    public static WindowReport Run(int pid, int stride, RowAttack attack)
    {
        ArgumentNullException.ThrowIfNull(attack);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        using var image = ProcessImage.Of(pid);
        var hits = new List<long>();
        var tried = 0L;
        Parallel.ForEach(image.Pieces(Chunk), piece =>
        {
            var here = new List<int>();
            // Parts begin at pages, so that offsets in a piece are aligned as addresses are.
            var count = attack.Try(piece.Span, 0, stride, here);
            Interlocked.Add(ref tried, count);
            lock (hits)
                hits.AddRange(here.Select(at => piece.Address + at));
        });
        hits.Sort();
        return new WindowReport(image.Bytes, tried, hits, image.Unread);
    }
}
