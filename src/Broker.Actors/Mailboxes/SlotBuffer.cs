namespace Broker.Actors;

/// <summary>A growing array of slots, filled at one end and then read from the other. Not thread-safe.</summary>
internal struct SlotBuffer<T> where T : notnull
{
    private const int FirstSize = 2;
    private const int KeptSize = 256;

    private Slot<T>[]? _slots;
    private int _head;
    private int _count;
    private int _peak;

    public readonly bool IsEmpty => _head == _count;

    public void Add(in Slot<T> slot)
    {
        if (_slots is null)
            _slots = new Slot<T>[FirstSize];
        else if (_count == _slots.Length)
            Array.Resize(ref _slots, _slots.Length * 2);
        _slots[_count++] = slot;
        if (_count > _peak)
            _peak = _count;
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

    /// <summary>Called when idle: gives up a large array that the last busy time did not need, so that only steady load keeps memory.</summary>
    public void Trim()
    {
        if (_slots?.Length > KeptSize && _peak < _slots.Length / 4)
            _slots = null;
        _peak = 0;
    }
}
