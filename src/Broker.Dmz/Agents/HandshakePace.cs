namespace Broker.Dmz.Agents;

/// <summary>
/// The rate at which sessions are begun: thousands of agents that come back at once wait in line, or are told when to come again, so that
/// hand-offs go on meanwhile. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="perSecond">Sessions a second; what a quiet half second saved up may be begun at once.</param>
internal sealed class HandshakePace(TimeProvider time, int perSecond)
{
    /// <summary>The longest time after which anybody is told to come again.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromMinutes(1);

    private readonly long _interval = time.TimestampFrequency / perSecond;
    private readonly long _saved = time.TimestampFrequency / 2;
    private readonly Lock _gate = new();
    private long _next = long.MinValue;
    private long _later = long.MinValue;

    /// <summary>Takes the next place in line, if it is not too far away.</summary>
    /// <param name="line">The longest wait that is worth a place.</param>
    /// <param name="wait">
    /// Where a place was taken: how long until it is due. Otherwise when to come again; those who are sent away are spread.
    /// </param>
    public bool TryReserve(TimeSpan line, out TimeSpan wait)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var due = Math.Max(_next, now - _saved);
            if (due <= now || time.GetElapsedTime(now, due) <= line)
            {
                _next = due + _interval;
                wait = due <= now ? TimeSpan.Zero : time.GetElapsedTime(now, due);
                return true;
            }

            _later = Math.Max(_later, due) + _interval;
            var after = time.GetElapsedTime(now, _later);
            if (after > Latest)
            {
                (_later, after) = (due, Latest);
            }

            wait = after;
            return false;
        }
    }
}
