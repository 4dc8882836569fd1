using System.Runtime.InteropServices;
using Broker.MemoryScanner.Linux;
using Microsoft.Win32.SafeHandles;

namespace Broker.MemoryScanner.Windows;

/// <summary>
/// A copy of a process's memory at one moment, in native memory: what takes minutes to look through would otherwise be stopped for
/// minutes, and its peers would take it for dead.
/// </summary>
internal sealed unsafe class ProcessImage : IDisposable
{
    // A window that begins in one mapping may end in the next one.
    private const int Beyond = RowAttack.Length - 1;

    private readonly List<Part> _parts = [];
    private readonly List<string> _unread = [];

    private ProcessImage()
    {
    }

    /// <summary>Places of which pages could not be read.</summary>
    public IReadOnlyList<string> Unread => _unread;

    /// <summary>Bytes that were copied.</summary>
    public long Bytes => _parts.Sum(static p => p.Length);

    /// <summary>Copies what a process has in memory or swap, and all data of the shared files that it maps, while it is stopped.</summary>
    /// <exception cref="ScanException">No such process, not permitted, or it ended meanwhile.</exception>
    public static ProcessImage Of(int pid)
    {
        if (pid == Environment.ProcessId)
            throw new ScanException("the scanner does not scan itself: give another process");
        var image = new ProcessImage();
        try
        {
            using var stopped = new StoppedProcess(pid);
            using var memory = ProcessScan.Open($"/proc/{pid}/mem");
            using var pageMap = ProcessScan.Open($"/proc/{pid}/pagemap");
            foreach (var mapping in Mapping.ReadAll(pid))
            {
                foreach (var (start, end) in ProcessScan.RangesOf(pid, mapping, pageMap))
                    image.Copy(memory, mapping.Place, start, end);
            }

            image.Join();
            return image;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            image.Dispose();
            throw new ScanException($"process {pid} cannot be read: run as root or as its user, and look whether it runs", e);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The copied memory in pieces: its first address, and the bytes. A piece reads on into the next one by less than a window, so that no
    /// window is missed and none is in two.
    /// </summary>
    public IEnumerable<Piece> Pieces(int length)
    {
        foreach (var part in _parts)
        {
            for (var at = 0L; at < part.Length; at += length)
            {
                yield return new Piece(
                    part.Address + at, part.Memory + (nint)at, (int)Math.Min(length + Beyond, part.Length + part.More - at));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in _parts)
            NativeMemory.Free((void*)part.Memory);
        _parts.Clear();
    }

    private void Copy(SafeFileHandle memory, string place, long start, long end)
    {
        while (start < end)
        {
            var copy = (byte*)NativeMemory.Alloc((nuint)(end - start + Beyond));
            var copied = Read(memory, copy, start, end - start);
            // Freed with the rest, also where nothing could be read.
            _parts.Add(new Part(start, (nint)copy, copied, 0));
            start += copied;
            if (start == end)
                return;
            _unread.Add(place);
            start += Environment.SystemPageSize - (start % Environment.SystemPageSize);
        }
    }

    private void Join()
    {
        for (var i = 0; i + 1 < _parts.Count; i++)
        {
            var (part, next) = (_parts[i], _parts[i + 1]);
            if (part.Length == 0 || part.Address + part.Length != next.Address)
                continue;
            var more = (int)Math.Min(Beyond, next.Length);
            new ReadOnlySpan<byte>((void*)next.Memory, more).CopyTo(new Span<byte>((void*)(part.Memory + (nint)part.Length), more));
            _parts[i] = part with { More = more };
        }
    }

    private static long Read(SafeFileHandle memory, byte* to, long from, long length)
    {
        var copied = 0L;
        while (copied < length)
        {
            var count = Native.Read(memory, new Span<byte>(to + copied, (int)Math.Min(1 << 24, length - copied)), from + copied);
            if (count == 0)
                throw new ScanException("the process ended during the scan");
            if (count < 0)
                break;
            copied += count;
        }

        return copied;
    }

    private sealed record Part(long Address, nint Memory, long Length, int More);

    /// <summary>Some of the memory.</summary>
    /// <param name="Address">Where it was in the process.</param>
    /// <param name="Memory">The copy.</param>
    /// <param name="Length">Its bytes.</param>
    internal readonly record struct Piece(long Address, nint Memory, int Length)
    {
        /// <summary>The bytes, for as long as the image lives.</summary>
        public ReadOnlySpan<byte> Span => new((void*)Memory, Length);
    }
}
