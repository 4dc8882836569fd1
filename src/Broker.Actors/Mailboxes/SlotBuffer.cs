namespace Broker.Actors;

/// <summary>A growing array of slots, filled at one end and then read from the other. Not thread-safe.</summary>
internal struct SlotBuffer<T> where T : notnull
{
    private const int FirstSize = 2;
    private const int KeptSize = 256;

    private Slot<T>[]? _slots;
    private int _head;
    private int _count;

    public readonly bool IsEmpty => _head == _count;

    public readonly int Count => _count - _head;

    /// <summary>Places that there is memory for.</summary>
    public readonly int Room => _slots?.Length ?? 0;

    /// <summary>More memory than is kept for ever.</summary>
    public readonly bool IsLarge => Room > KeptSize;

    public void Add(T? message, Signal<T>? signal)
    {
        var slots = _slots;
        if (slots is null || _count == slots.Length)
            slots = Grow();
        slots[_count++] = new Slot<T>(message, signal);
    }

    public bool TryTake(out Slot<T> slot)
    {
        if (IsEmpty)
        {
            slot = default;
            return false;
        }
        ref var place = ref _slots![_head];
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
            _slots = null;
    }

    private Slot<T>[] Grow()
    {
        Array.Resize(ref _slots, _slots is null ? FirstSize : _slots.Length * 2);
        return _slots;
    }
}
