namespace Broker.Actors;

/// <summary>
/// Timers by key. A timer is also the tick in the mailbox; one that was replaced or cancelled is no longer in the table, so its tick is
/// void.
/// </summary>
internal sealed partial class Cell<T>
{
    private Dictionary<object, ActorTimer<T>>? _timers;

    public void StartTimer(object key, T message, TimeSpan delay) => StartTimer(key, message, delay, periodic: false);

    public void StartPeriodicTimer(object key, T message, TimeSpan period)
    {
        ThrowIfOwning(message);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        StartTimer(key, message, period, periodic: true);
    }

    /// <summary>For the kernel's own actors, whose protocol is not theirs: runs the action on this actor's turn.</summary>
    public void StartTimer(object key, Action action, TimeSpan delay)
    {
        CancelTimer(key);
        Add(new ActorTimer<T>(this, key, default, delay, periodic: false) { Action = action }, delay);
    }

    public void CancelTimer(object key)
    {
        if (_timers?.Remove(key, out var timer) == true)
            Cancel(timer);
    }

    public bool IsTimerActive(object key) => _timers?.ContainsKey(key) == true;

    /// <summary>A tick: void when the timer has been replaced or cancelled since.</summary>
    public ValueTask DeliverTick(ActorTimer<T> timer)
    {
        if (_timers?.TryGetValue(timer.Key, out var found) != true || !ReferenceEquals(found, timer))
            return ValueTask.CompletedTask;
        if (!timer.IsPeriodic)
            _timers.Remove(timer.Key);
        if (timer.Action is not { } action)
            return ReceiveMessage(timer.TakeMessage()!);
        action();
        return ValueTask.CompletedTask;
    }

    protected override void CancelTimers()
    {
        CancelReceiveTimeout();
        if (_timers is not { } timers)
            return;
        _timers = null;
        foreach (var timer in timers.Values)
            Cancel(timer);
    }

    private void StartTimer(object key, T message, TimeSpan delay, bool periodic)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(message);
        CancelTimer(key);
        Add(new ActorTimer<T>(this, key, message, delay, periodic), delay);
    }

    private void Add(ActorTimer<T> timer, TimeSpan delay)
    {
        (_timers ??= [])[timer.Key] = timer;
        System.Timers.Schedule(timer, delay);
    }

    private void Cancel(ActorTimer<T> timer)
    {
        timer.Cancel();
        Owned.Dispose(timer.TakeMessage(), Path, System.Events);
    }

    private void ThrowIfOwning(T message)
    {
        if (message is not IDisposable)
            return;
        Owned.Dispose(message, Path, System.Events);
        throw new ArgumentException("a disposable message can be delivered only once; send one that owns nothing", nameof(message));
    }
}

/// <summary>One timer, and its tick.</summary>
internal sealed class ActorTimer<T>(Cell<T> cell, object key, T? message, TimeSpan delay, bool periodic)
    : Signal<T>, ITimed where T : notnull
{
    private T? _message = message;
    private bool _cancelled;
    private int _queued;

    public object Key => key;

    /// <summary>Runs instead of a message, if set.</summary>
    public Action? Action { get; init; }

    public bool IsPeriodic => periodic;

    public long Due { get; set; }

    public int Place { get; set; }

    /// <summary>The message; a timer that fires once gives it away.</summary>
    public T? TakeMessage()
    {
        var taken = _message;
        if (!periodic)
            _message = default;
        return taken;
    }

    public void Cancel()
    {
        Volatile.Write(ref _cancelled, true);
        cell.System.Timers.Cancel(this);
    }

    public void Fire()
    {
        if (Volatile.Read(ref _cancelled))
            return;
        if (Interlocked.Exchange(ref _queued, 1) == 0)
            cell.Mailbox.EnqueueSignal(this);
        if (periodic)
            Repeat();
    }

    public void Abandon()
    {
    }

    public override ValueTask Deliver(Cell<T> owner)
    {
        Volatile.Write(ref _queued, 0);
        return owner.DeliverTick(this);
    }

    private void Repeat()
    {
        var timers = cell.System.Timers;
        var (due, now) = (timers.After(Due, delay), cell.Time.GetTimestamp());
        timers.ScheduleAt(this, due > now ? due : timers.After(now, delay));
        if (Volatile.Read(ref _cancelled))
            timers.Cancel(this);
    }
}
