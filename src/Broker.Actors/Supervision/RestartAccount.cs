namespace Broker.Actors;

/// <summary>How often a child may be restarted.</summary>
internal readonly record struct RestartLimit
{
    public RestartLimit(int maxRetries, TimeSpan? window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRetries, -1);
        if (window is { } length)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(length, TimeSpan.Zero, nameof(window));
        MaxRetries = maxRetries;
        Window = window;
    }

    /// <summary>0: never; −1: any number of times; else at most so many, within the window if there is one.</summary>
    public int MaxRetries { get; }

    /// <summary>
    /// A tumbling window: the first failure opens it, and the first that comes after its end opens the next. With −1 retries it allows one
    /// restart in each.
    /// </summary>
    public TimeSpan? Window { get; }
}

/// <summary>What one child has used of its limit.</summary>
internal sealed class RestartAccount
{
    private int _used;
    private long _windowOpened;

    /// <summary>Counts this restart and says whether it may be made.</summary>
    public bool Permit(RestartLimit limit, TimeProvider time)
    {
        if (limit.MaxRetries == 0)
            return false;
        if (limit.Window is not { } window)
            return limit.MaxRetries < 0 || _used++ < limit.MaxRetries;
        var now = time.GetTimestamp();
        if (_used == 0 || time.GetElapsedTime(_windowOpened, now) > window)
        {
            _windowOpened = now;
            _used = 0;
        }
        return _used++ < Math.Max(limit.MaxRetries, 1);
    }
}
