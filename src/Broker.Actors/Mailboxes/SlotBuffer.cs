namespace Broker.Actors;

/// <summary>
/// Growing memory for slots, filled at one end and then read from the other: an array that doubles up to a size, then further arrays of
/// that size, so that a long queue is never copied while somebody waits to add to it. Not thread-safe.
/// </summary>
internal struct SlotBuffer<T> where T : notnull
{
    private const int FirstSize = 2;
    private const int KeptSize = 256;

    // With two references a slot an array of its own in the large object heap, which no collection moves.
    private const int SegmentSize = 1 << SegmentBits;
    private const int SegmentBits = 13;

    private Slot<T>[]? _slots;
    private List<Slot<T>[]>? _more;
    private int _head;
    private int _count;

    public readonly bool IsEmpty => _head == _count;

    public readonly int Count => _count - _head;

    /// <summary>Places that there is memory for.</summary>
    public readonly int Room => (_slots?.Length ?? 0) + ((_more?.Count ?? 0) * SegmentSize);

    /// <summary>More memory than is kept for ever.</summary>
    public readonly bool IsLarge => _slots is { Length: > KeptSize };

    public void Add(T? message, Signal<T>? signal)
    {
        var slots = _slots;
        var place = _count;
        if (slots is null || place >= slots.Length)
            slots = Segment(ref place);
        slots[place] = new Slot<T>(message, signal);
        _count++;
    }

    public bool TryTake(out Slot<T> slot)
    {
        if (IsEmpty)
        {
            slot = default;
            return false;
        }
        ref var place = ref _head < SegmentSize ? ref _slots![_head] : ref _more![(_head >> SegmentBits) - 1][_head & (SegmentSize - 1)];
        slot = place;
        place = default;
        if (++_head == _count)
            _head = _count = 0;
        return true;
    }

    /// <summary>Gives up a large array that is far more than what is needed.</summary>
    /// <param name="needed">How many places have been in use of late.</param>
    public void Trim(int needed)
    {
        if (IsEmpty && IsLarge && needed < Room / 4)
            (_slots, _more) = (null, null);
    }

    /// <summary>The array of a place beyond the first one's end; the place becomes that in it.</summary>
    private Slot<T>[] Segment(ref int place)
    {
        if (place < SegmentSize)
        {
            Array.Resize(ref _slots, _slots is null ? FirstSize : _slots.Length * 2);
            return _slots;
        }
        var index = (place >> SegmentBits) - 1;
        place &= SegmentSize - 1;
        _more ??= [];
        if (index == _more.Count)
            _more.Add(new Slot<T>[SegmentSize]);
        return _more[index];
    }
}
