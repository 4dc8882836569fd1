namespace Broker.Actors;

/// <summary>Something due at a time. Belongs to at most one heap.</summary>
internal interface ITimed
{
    /// <summary>The provider's timestamp.</summary>
    long Due { get; set; }

    /// <summary>Place in the heap, from 1; 0 when not queued.</summary>
    int Place { get; set; }

    /// <summary>On the timer's thread, outside of all locks; at most once for each scheduling. Must not throw or block.</summary>
    void Fire();

    /// <summary>The system has ended; it will never fire.</summary>
    void Abandon();
}

/// <summary>All timers of a system behind one timer of the provider. Thread-safe.</summary>
internal sealed class TimerHeap : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly double _stampsPerTick;
    private ITimed[] _heap = new ITimed[16];
    private int _count;
    private long _armedFor = long.MaxValue;
    private bool _closed;

    public TimerHeap(TimeProvider time)
    {
        _time = time;
        _stampsPerTick = (double)time.TimestampFrequency / TimeSpan.TicksPerSecond;
        _timer = time.CreateTimer(static heap => ((TimerHeap)heap!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>The timestamp so much later than another.</summary>
    public long After(long timestamp, TimeSpan delay) =>
        timestamp + (long)Math.Min(delay.Ticks * _stampsPerTick, long.MaxValue / 4);

    /// <summary>Queues an entry that is in no heap. After the end it is abandoned at once.</summary>
    public void Schedule(ITimed entry, TimeSpan delay) => ScheduleAt(entry, After(_time.GetTimestamp(), delay));

    public void ScheduleAt(ITimed entry, long due)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                entry.Due = due;
                if (++_count == _heap.Length)
                    Array.Resize(ref _heap, _heap.Length * 2);
                Rise(_count, entry);
                ArmNeedsLock();
                return;
            }
        }
        entry.Abandon();
    }

    /// <summary>Removes an entry that is queued; others are ignored. It may be firing already.</summary>
    public void Cancel(ITimed entry)
    {
        lock (_gate)
            RemoveNeedsLock(entry);
    }

    public void Dispose()
    {
        ITimed[] rest;
        lock (_gate)
        {
            _closed = true;
            rest = _heap[1..(_count + 1)];
            foreach (var entry in rest)
                entry.Place = 0;
            _heap = [];
            _count = 0;
        }
        _timer.Dispose();
        foreach (var entry in rest)
            entry.Abandon();
    }

    private void OnTimer()
    {
        while (TakeDue() is { } entry)
            entry.Fire();
    }

    private ITimed? TakeDue()
    {
        lock (_gate)
        {
            if (_count > 0 && _heap[1].Due <= _time.GetTimestamp())
            {
                var entry = _heap[1];
                RemoveNeedsLock(entry);
                return entry;
            }
            _armedFor = long.MaxValue;
            if (!_closed)
                ArmNeedsLock();
            return null;
        }
    }

    private void RemoveNeedsLock(ITimed entry)
    {
        var place = entry.Place;
        if (place == 0)
            return;
        entry.Place = 0;
        var last = _heap[_count];
        _heap[_count--] = null!;
        if (ReferenceEquals(last, entry))
            return;
        if (place > 1 && last.Due < _heap[place / 2].Due)
            Rise(place, last);
        else
            Sink(place, last);
    }

    private void ArmNeedsLock()
    {
        if (_count == 0 || _heap[1].Due >= _armedFor)
            return;
        _armedFor = _heap[1].Due;
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), _armedFor);
        // Timers count whole milliseconds: rounding down would wake too early, again and again.
        var milliseconds = Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 0, LongestWait.TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }

    private void Rise(int place, ITimed entry)
    {
        for (; place > 1 && entry.Due < _heap[place / 2].Due; place /= 2)
            Put(place, _heap[place / 2]);
        Put(place, entry);
    }

    private void Sink(int place, ITimed entry)
    {
        for (int child; (child = place * 2) <= _count; place = child)
        {
            if (child < _count && _heap[child + 1].Due < _heap[child].Due)
                child++;
            if (_heap[child].Due >= entry.Due)
                break;
            Put(place, _heap[child]);
        }
        Put(place, entry);
    }

    private void Put(int place, ITimed entry)
    {
        _heap[place] = entry;
        entry.Place = place;
    }
}
