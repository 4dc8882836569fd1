using System.Buffers.Binary;

namespace Broker.MemoryScanner.Search;

/// <summary>
/// Searches runs of contiguous bytes that arrive in chunks. What lies across chunks is found, each occurrence once; what lies across
/// two runs is not an occurrence.
/// </summary>
/// <param name="index">What is looked for.</param>
/// <param name="found">Receives the pattern, the address where an occurrence starts, and how many bytes of the pattern are there.</param>
internal sealed class RunSearch(PatternIndex index, Action<Pattern, long, int> found)
{
    private const int ChunkSize = 1 << 20;

    private readonly byte[] _buffer = new byte[ChunkSize + (2 * index.LongestSpan) + index.Stride];
    private readonly HashSet<(int Pattern, long Start)> _seen = [];
    private long _address;
    private int _filled;
    private int _next;

    /// <summary>Where the next bytes of the run go: at least 1 MiB.</summary>
    public Memory<byte> Space => _buffer.AsMemory(_filled);

    /// <summary>Address after the last byte of the run.</summary>
    public long End => _address + _filled;

    /// <summary>Starts a run at <paramref name="address"/>, unless it goes on there.</summary>
    public void Begin(long address)
    {
        if (_filled > 0 && End == address)
            return;
        Finish();
        _address = address;
    }

    /// <summary>Takes the first <paramref name="count"/> bytes of <see cref="Space"/> into the run.</summary>
    public void Advance(int count)
    {
        _filled += count;
        if (_buffer.Length - _filled >= ChunkSize)
            return;
        // A pattern that starts before _next may reach back one span, and one that starts after it needs a span ahead.
        Search(_filled - index.LongestSpan);
        var drop = Math.Max(0, _next - index.LongestSpan);
        _buffer.AsSpan(drop, _filled - drop).CopyTo(_buffer);
        _address += drop;
        _filled -= drop;
        _next -= drop;
    }

    /// <summary>Ends the run.</summary>
    public void Finish()
    {
        Search(_filled);
        _seen.Clear();
        _filled = 0;
        _next = 0;
    }

    private void Search(int end)
    {
        var data = _buffer.AsSpan(0, _filled);
        while (index.NextCandidate(data, _next, end) is var at and >= 0)
        {
            foreach (var (pattern, offset) in index.PlacesOf(BinaryPrimitives.ReadUInt64LittleEndian(data[at..])))
            {
                if (PatternMatch.TryExtend(index.Patterns[pattern], data, at, offset, out var start, out var length)
                    && _seen.Add((pattern, _address + start)))
                    found(index.Patterns[pattern], _address + start, length);
            }

            _next = at + index.Stride;
        }

        if (_next < end)
            _next += (end - _next + index.Stride - 1) / index.Stride * index.Stride;
    }
}
