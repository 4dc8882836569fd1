namespace Broker.Actors;

/// <summary>
/// The receive timeout. Messages only note the time of the last activity; the one timer looks at that when it fires, and waits for the
/// rest.
/// </summary>
internal sealed partial class Cell<T>
{
    private IdleTimer<T>? _idleTimer;

    public void SetReceiveTimeout(TimeSpan? timeout, T message)
    {
        if (timeout is not { } idle)
        {
            Owned.Dispose(message, Path, System.Events);
            CancelReceiveTimeout();
            return;
        }
        ArgumentNullException.ThrowIfNull(message);
        ThrowIfOwning(message);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(idle, TimeSpan.Zero, nameof(timeout));
        CancelReceiveTimeout();
        _idleTimer = new IdleTimer<T>(this, message, idle) { LastActivity = Time.GetTimestamp() };
        System.Timers.Schedule(_idleTimer, idle);
    }

    public void CancelReceiveTimeout()
    {
        _idleTimer?.Cancel();
        _idleTimer = null;
    }

    /// <summary>The timer has come to the head of the mailbox: time out, or wait for what is left.</summary>
    public ValueTask DeliverIdle(IdleTimer<T> timer)
    {
        if (!ReferenceEquals(timer, _idleTimer))
            return ValueTask.CompletedTask;
        var now = Time.GetTimestamp();
        var due = System.Timers.After(timer.LastActivity, timer.Timeout);
        if (due > now)
        {
            System.Timers.ScheduleAt(timer, due);
            return ValueTask.CompletedTask;
        }
        timer.LastActivity = now;
        System.Timers.Schedule(timer, timer.Timeout);
        return ReceiveMessage(timer.Message);
    }

    private void NoteActivity()
    {
        if (_idleTimer is { } timer)
            timer.LastActivity = Time.GetTimestamp();
    }
}

/// <summary>The timer of a receive timeout, and its place in the mailbox.</summary>
internal sealed class IdleTimer<T>(Cell<T> cell, T message, TimeSpan timeout) : Signal<T>, ITimed where T : notnull
{
    private bool _cancelled;

    public T Message => message;

    public TimeSpan Timeout => timeout;

    /// <summary>The provider's timestamp at the end of the last message that counts. On the actor's turn only.</summary>
    public long LastActivity { get; set; }

    public long Due { get; set; }

    public int Place { get; set; }

    public void Cancel()
    {
        Volatile.Write(ref _cancelled, true);
        cell.System.Timers.Cancel(this);
    }

    public void Fire()
    {
        if (!Volatile.Read(ref _cancelled))
            cell.Mailbox.EnqueueSignal(this);
    }

    public void Abandon()
    {
    }

    public override ValueTask Deliver(Cell<T> owner) => owner.DeliverIdle(this);
}
