namespace Broker.Actors;

/// <summary>When and how often a <see cref="Backoff"/> supervisor starts its child again. Immutable.</summary>
/// <typeparam name="T">The protocol of supervisor and child.</typeparam>
public sealed record BackoffOptions<T> where T : notnull
{
    /// <summary>The wait before the first new start; more than zero. It doubles with each further one.</summary>
    public required TimeSpan MinDelay { get; init; }

    /// <summary>The longest wait, before jitter; at least <see cref="MinDelay"/>.</summary>
    public required TimeSpan MaxDelay { get; init; }

    /// <summary>How much of the wait is added at random: 0 (none) to 1 (up to as much again). Default 0.2.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>After so many new starts without a reset the supervisor stops instead; −1 (default): never.</summary>
    public int MaxStarts { get; init; } = -1;

    /// <summary>A child that has lived so long resets the count; null (default): only <see cref="IsReset"/> does.</summary>
    public TimeSpan? ResetAfter { get; init; }

    /// <summary>
    /// Messages for which this is true reset the count and are not passed on. While the child is down they are stale and do nothing.
    /// </summary>
    public Func<T, bool>? IsReset { get; init; }

    /// <summary>Messages for which this is true are passed on, and when the child ends after that, so does the supervisor.</summary>
    public Func<T, bool>? IsFinalStop { get; init; }

    /// <summary>Answers a message that comes while the child is down; null (default): it becomes a dead letter.</summary>
    public Action<T>? WhileDown { get; init; }

    /// <summary>n new starts so far give min(max, min·2ⁿ)·(1 + random·jitter).</summary>
    internal TimeSpan Delay(int starts, double random)
    {
        var wait = Math.Min(MaxDelay.TotalMilliseconds, MinDelay.TotalMilliseconds * Math.Pow(2, starts));
        return TimeSpan.FromMilliseconds(wait * (1 + random * Jitter));
    }

    internal BackoffOptions<T> Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MinDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDelay, MinDelay);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStarts, -1);
        if (Jitter is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(Jitter), "the jitter goes from 0 to 1");
        if (ResetAfter is { } resetAfter)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(resetAfter, TimeSpan.Zero, nameof(ResetAfter));
        return this;
    }
}
