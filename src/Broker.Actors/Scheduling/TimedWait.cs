namespace Broker.Actors;

/// <summary>
/// Waits for one thing until a deadline: true when it came, false when the time did. Ends on the system's own timers, so also under a
/// manual clock.
/// </summary>
internal sealed class TimedWait(TimerHeap timers, Action? onTimeout = null) : ITimed
{
    private readonly TaskCompletionSource<bool> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<bool> Task => _result.Task;

    public long Due { get; set; }

    public int Place { get; set; }

    public void Start(TimeSpan deadline)
    {
        timers.Schedule(this, deadline);
        // What is waited for may have come before, or meanwhile.
        if (_result.Task.IsCompleted)
            timers.Cancel(this);
    }

    public void Succeed()
    {
        timers.Cancel(this);
        _result.TrySetResult(true);
    }

    public void Fire()
    {
        onTimeout?.Invoke();
        _result.TrySetResult(false);
    }

    /// <summary>The timers end only when every actor has: what is waited for has come, or is about to.</summary>
    public void Abandon()
    {
    }
}
