namespace Broker.Actors;

/// <summary>A growing array of slots, filled at one end and then read from the other. Not thread-safe.</summary>
internal struct SlotBuffer<T> where T : notnull
{
    private const int FirstSize = 4;
    private const int KeptSize = 256;

    private Slot<T>[]? _slots;
    private int _head;
    private int _count;

    public readonly bool IsEmpty => _head == _count;

    public void Add(in Slot<T> slot)
    {
        if (_slots is null)
            _slots = new Slot<T>[FirstSize];
        else if (_count == _slots.Length)
            Array.Resize(ref _slots, _slots.Length * 2);
        _slots[_count++] = slot;
    }

    public bool TryTake(out Slot<T> slot)
    {
        if (IsEmpty)
        {
            slot = default;
            return false;
        }
        slot = _slots![_head];
        _slots[_head++] = default;
        if (_head == _count)
            _head = _count = 0;
        return true;
    }

    /// <summary>An idle mailbox does not keep the memory of its busiest moment.</summary>
    public void Trim()
    {
        if (_slots?.Length > KeptSize)
            _slots = null;
    }
}
