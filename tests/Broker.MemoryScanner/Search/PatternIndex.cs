using System.Runtime.CompilerServices;

namespace Broker.MemoryScanner.Search;

/// <summary>
/// Finds many patterns in one pass that looks only at every <see cref="Stride"/>-th position. Eight bytes there (a gram) are looked up
/// in a bit map; the stride is so short that every occurrence of every pattern covers at least one such position with a gram that is
/// indexed. Only a hit is compared with the pattern, so the time hardly depends on the number of patterns.
/// </summary>
internal sealed class PatternIndex
{
    /// <summary>Bytes of a gram.</summary>
    public const int Gram = sizeof(ulong);

    private const int LongestStride = 24;

    /// <summary>
    /// A line of wrapped text is taken to have at least 64 characters, so two lines hold an unbroken gram at some stride.
    /// </summary>
    private const int WrappedReach = 160;

    private readonly ulong[] _bits;
    private readonly int _shift;
    private readonly ulong[] _grams;
    private readonly (int Pattern, int Offset)[] _places;

    public PatternIndex(IReadOnlyList<Pattern> patterns)
    {
        Patterns = patterns;
        Stride = patterns.Min(LongestStrideFor);
        LongestSpan = patterns.Max(p => p.LongestSpan);
        var grams = new List<ulong>();
        var places = new List<(int, int)>();
        for (var p = 0; p < patterns.Count; p++)
        {
            var bytes = patterns[p].Bytes;
            var count = Math.Min(bytes.Length - Gram + 1, IndexedOffsets(patterns[p]));
            for (var offset = 0; offset < count; offset++)
            {
                grams.Add(BitConverter.ToUInt64(bytes, offset));
                places.Add((p, offset));
            }
        }

        _grams = [.. grams];
        _places = [.. places];
        Array.Sort(_grams, _places);
        var width = Math.Clamp(6 + (int)Math.Ceiling(Math.Log2(_grams.Length)), 16, 24);
        _bits = new ulong[1 << (width - 6)];
        _shift = 64 - width;
        foreach (var gram in _grams)
        {
            var slot = Slot(gram);
            _bits[slot >> 6] |= 1UL << (int)(slot & 63);
        }
    }

    public IReadOnlyList<Pattern> Patterns { get; }

    /// <summary>Bytes from one position that is looked at to the next.</summary>
    public int Stride { get; }

    /// <summary>Most bytes that an occurrence of any pattern covers.</summary>
    public int LongestSpan { get; }

    /// <summary>
    /// The first position of <paramref name="start"/>, +stride, … before <paramref name="end"/> whose gram may be indexed, or -1.
    /// </summary>
    public unsafe int NextCandidate(ReadOnlySpan<byte> data, int start, int end)
    {
        end = Math.Min(end, data.Length - Gram + 1);
        fixed (byte* bytes = data)
        fixed (ulong* bits = _bits)
        {
            for (var at = start; at < end; at += Stride)
            {
                var slot = Slot(Unsafe.ReadUnaligned<ulong>(bytes + at));
                if ((bits[slot >> 6] & (1UL << (int)(slot & 63))) != 0)
                    return at;
            }
        }

        return -1;
    }

    /// <summary>The patterns and offsets where this gram stands; empty when the bit map was hit by chance.</summary>
    public ReadOnlySpan<(int Pattern, int Offset)> PlacesOf(ulong gram)
    {
        var first = LowerBound(gram);
        var end = first;
        while (end < _grams.Length && _grams[end] == gram)
            end++;
        return _places.AsSpan(first, end - first);
    }

    private static int LongestStrideFor(Pattern pattern)
    {
        // One line break cuts a wrapped pattern in two: the longer half must still cover a position that is looked at.
        var unbroken = pattern.Kind == PatternKind.Wrapped ? pattern.Bytes.Length / 2 : pattern.Window;
        return Math.Clamp(unbroken - Gram + 1, 1, LongestStride);
    }

    private int IndexedOffsets(Pattern pattern) => pattern.Kind switch
    {
        PatternKind.Piece => int.MaxValue,
        PatternKind.Wrapped => WrappedReach,
        _ => Stride,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Slot(ulong gram) => unchecked(gram * 0x9E3779B97F4A7C15UL) >> _shift;

    private int LowerBound(ulong gram)
    {
        var (low, high) = (0, _grams.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_grams[middle] < gram)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
