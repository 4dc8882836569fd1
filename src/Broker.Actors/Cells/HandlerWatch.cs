namespace Broker.Actors;

/// <summary>
/// Watches one handler or hook that has not ended at once: past its budget an event says so, and again after each further budget.
/// </summary>
internal sealed class HandlerWatch : ITimed, IDisposable
{
    private readonly Cell _cell;
    private readonly string? _messageType;
    private bool _over;

    private HandlerWatch(Cell cell, string? messageType)
    {
        _cell = cell;
        _messageType = messageType;
    }

    public long Due { get; set; }

    public int Place { get; set; }

    public static HandlerWatch Start(Cell cell, string? messageType)
    {
        var watch = new HandlerWatch(cell, messageType);
        cell.System.Timers.Schedule(watch, cell.System.HandlerBudget);
        return watch;
    }

    public void Fire()
    {
        if (Volatile.Read(ref _over))
            return;
        _cell.System.Events.Publish(new SlowHandler(_cell.Path, _messageType, _cell.System.HandlerBudget));
        _cell.System.Timers.Schedule(this, _cell.System.HandlerBudget);
        if (Volatile.Read(ref _over))
            _cell.System.Timers.Cancel(this);
    }

    public void Abandon()
    {
    }

    public void Dispose()
    {
        Volatile.Write(ref _over, true);
        _cell.System.Timers.Cancel(this);
    }
}
