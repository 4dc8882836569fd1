using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Broker.MemoryScanner.Windows;

/// <summary>What a scan by windows did.</summary>
/// <param name="Bytes">Bytes of memory that were looked through.</param>
/// <param name="Tried">Windows that were tried now: of those that are nothing but zeros one a page.</param>
/// <param name="Known">Bytes of pages that were tried before, with the same bytes in them and behind them, and opened nothing.</param>
/// <param name="Hits">Addresses of windows that opened something.</param>
/// <param name="Unread">Places of pages that could not be read.</param>
public sealed record WindowReport(long Bytes, long Tried, long Known, IReadOnlyList<long> Hits, IReadOnlyList<string> Unread);

/// <summary>
/// Tries every window of the memory of other processes as a key. An exact search finds what one knows; this finds a key wherever it
/// is, whatever it is, if only it opens something. What is the same in several processes or at several moments is tried once.
/// </summary>
/// <param name="attack">What is known of the rows.</param>
/// <param name="stride">8 for the addresses that a key in memory of its own begins at, 1 for every one; a divisor of 4096.</param>
public sealed class WindowScan(RowAttack attack, int stride)
{
    private const int Piece = 1 << 20;
    private const int Page = 4096;

    // By SHA-256 of a page and of what a window that begins in it reads on: the same bytes open nothing again.
    private readonly ConcurrentDictionary<UInt128, bool> _known = [];

    /// <summary>Scans one process as it is at this moment, on every processor. It is stopped only while its memory is copied.</summary>
    /// <param name="pid">Any process but the caller's own.</param>
    /// <exception cref="ScanException">No such process, not permitted, or it ended during the scan.</exception>
    public WindowReport Run(int pid)
    {
        using var image = ProcessImage.Of(pid);
        var hits = new List<long>();
        var (tried, known) = (0L, 0L);
        Parallel.ForEach(image.Pieces(Piece), piece =>
        {
            var here = new List<int>();
            var memory = piece.Span;
            // Parts begin at pages, so that offsets in a page are aligned as addresses are.
            for (var at = 0; at <= memory.Length - RowAttack.Length; at += Page)
            {
                var page = memory.Slice(at, Math.Min(Page + RowAttack.Length - 1, memory.Length - at));
                var id = IdOf(page);
                if (_known.ContainsKey(id))
                {
                    Interlocked.Add(ref known, Math.Min(Page, page.Length));
                    continue;
                }

                here.Clear();
                Interlocked.Add(ref tried, attack.Try(page, stride, here));
                if (here.Count == 0)
                    _known.TryAdd(id, true);
                lock (hits)
                    hits.AddRange(here.Select(offset => piece.Address + at + offset));
            }
        });
        hits.Sort();
        return new WindowReport(image.Bytes, tried, known, hits, image.Unread);
    }

    private static UInt128 IdOf(ReadOnlySpan<byte> page)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(page, digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }
}
