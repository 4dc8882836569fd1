using System.Numerics;

namespace Broker.Secrets;

/// <summary>
/// Hands out aligned blocks of 2^order units, order 0 … <see cref="LargestOrder"/>, from a range of units. It touches no memory of the
/// range: everything that it knows is in its own bitmaps. Not thread-safe.
/// </summary>
/// <remarks>
/// Small blocks that come back are kept whole for the next caller (at most <see cref="KeptPerOrder"/> an order), which spares the usual
/// allocate-use-release a walk through all orders; when nothing else fits they are merged too.
/// </remarks>
internal sealed class BuddyAllocator
{
    internal const int LargestOrder = 17;
    internal const int KeptPerOrder = 32;
    private const int LargestKeptOrder = 6;

    private readonly FreeMap[] _free = new FreeMap[LargestOrder + 1];
    private readonly int[][] _kept = new int[LargestKeptOrder + 1][];
    private readonly int[] _keptCount = new int[LargestKeptOrder + 1];
    private uint _ordersWithFree;

    internal BuddyAllocator(int units)
    {
        // One block past the end: the last block's buddy may lie outside, and is simply never free.
        for (var order = 0; order <= LargestOrder; order++)
            _free[order] = new FreeMap((units >> order) + 1);
        for (var order = 0; order <= LargestKeptOrder; order++)
            _kept[order] = new int[KeptPerOrder];

        for (var unit = 0; unit < units;)
        {
            var aligned = unit == 0 ? LargestOrder : Math.Min(LargestOrder, BitOperations.TrailingZeroCount(unit));
            var order = Math.Min(aligned, BitOperations.Log2((uint)(units - unit)));
            Add(order, unit >> order);
            unit += 1 << order;
        }
    }

    internal bool TryAllocate(int order, out int unit)
    {
        if (order <= LargestKeptOrder && _keptCount[order] > 0)
        {
            unit = _kept[order][--_keptCount[order]];
            return true;
        }

        if (TrySplit(order, out unit))
            return true;

        MergeKept();
        return TrySplit(order, out unit);
    }

    /// <summary>Takes back what <see cref="TryAllocate"/> gave, under the same order, once.</summary>
    internal void Release(int unit, int order)
    {
        if (order <= LargestKeptOrder && _keptCount[order] < KeptPerOrder)
            _kept[order][_keptCount[order]++] = unit;
        else
            Merge(unit, order);
    }

    /// <summary>Gives up the small blocks kept for reuse, so that all free neighbours are one block.</summary>
    internal void MergeKept()
    {
        for (var order = 0; order <= LargestKeptOrder; order++)
        {
            while (_keptCount[order] > 0)
                Merge(_kept[order][--_keptCount[order]], order);
        }
    }

    /// <summary>Free blocks as (first unit, order), without those kept for reuse.</summary>
    internal IEnumerable<(int Unit, int Order)> FreeBlocks(int units)
    {
        for (var order = 0; order <= LargestOrder; order++)
        {
            for (var block = 0; block <= units >> order; block++)
            {
                if (_free[order].Contains(block))
                    yield return (block << order, order);
            }
        }
    }

    private bool TrySplit(int order, out int unit)
    {
        var candidates = _ordersWithFree & (uint.MaxValue << order);
        if (candidates == 0)
        {
            unit = -1;
            return false;
        }

        var from = BitOperations.TrailingZeroCount(candidates);
        var block = _free[from].First();
        Remove(from, block);
        while (from > order)
        {
            from--;
            block <<= 1;
            Add(from, block + 1);
        }

        unit = block << order;
        return true;
    }

    private void Merge(int unit, int order)
    {
        var block = unit >> order;
        while (order < LargestOrder && _free[order].Contains(block ^ 1))
        {
            Remove(order, block ^ 1);
            block >>= 1;
            order++;
        }

        Add(order, block);
    }

    private void Add(int order, int block)
    {
        _free[order].Add(block);
        _ordersWithFree |= 1u << order;
    }

    private void Remove(int order, int block)
    {
        _free[order].Remove(block);
        if (_free[order].IsEmpty)
            _ordersWithFree &= ~(1u << order);
    }
}
