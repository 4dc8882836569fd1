using System.Numerics;

namespace Broker.Secrets;

/// <summary>
/// A set of block numbers that finds its lowest member in a few steps: level 0 has a bit a block, and each bit of a higher level says
/// that the word below it is not empty. Not thread-safe.
/// </summary>
internal sealed class FreeMap
{
    private const int WordBits = 6;

    private readonly ulong[][] _levels;

    /// <summary>An empty set of numbers from 0 up to and including <paramref name="largest"/>.</summary>
    internal FreeMap(int largest)
    {
        var levels = new List<ulong[]>();
        var last = largest;
        do
        {
            last >>= WordBits;
            levels.Add(new ulong[last + 1]);
        }
        while (last > 0);

        _levels = [.. levels];
    }

    internal bool IsEmpty => _levels[^1][0] == 0;

    internal bool Contains(int block) => (_levels[0][block >> WordBits] & Bit(block)) != 0;

    internal void Add(int block)
    {
        foreach (var level in _levels)
        {
            ref var word = ref level[block >> WordBits];
            var before = word;
            word = before | Bit(block);
            if (before != 0)
                return;

            block >>= WordBits;
        }
    }

    internal void Remove(int block)
    {
        foreach (var level in _levels)
        {
            ref var word = ref level[block >> WordBits];
            word &= ~Bit(block);
            if (word != 0)
                return;

            block >>= WordBits;
        }
    }

    /// <summary>The lowest member; the set must not be empty.</summary>
    internal int First()
    {
        var block = 0;
        for (var level = _levels.Length - 1; level >= 0; level--)
            block = (block << WordBits) | BitOperations.TrailingZeroCount(_levels[level][block]);

        return block;
    }

    private static ulong Bit(int block) => 1UL << (block & 63);
}
