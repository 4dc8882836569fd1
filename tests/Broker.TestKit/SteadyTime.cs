namespace Broker.TestKit;

/// <summary>
/// The machine's clock, but for time in which this process did not run: while it stands still, or waits for a processor for long, so do its
/// spans and timers. Deadlines of what is tested end then only where the other end had the time to answer. The day is the machine's.
/// </summary>
public class SteadyTime : TimeProvider
{
    private static readonly Lock Gate = new();
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    // Between two looks at the clock; what is more was stood through.
    private static readonly long Longest = System.TimestampFrequency / 25;

    private static long _seen = System.GetTimestamp();
    private static long _lost;

#pragma warning disable IDE0052 // Looks at the clock for as long as the process lives.
    private static readonly ITimer Looking = System.CreateTimer(static _ => Now(), null, Tick, Tick);
#pragma warning restore IDE0052

    public override long GetTimestamp() => Now();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SteadyTimer(callback, state, dueTime, period);

    // Whoever comes first after a standstill finds it, before any timer counts as due.
    private static long Now()
    {
        lock (Gate)
        {
            var now = System.GetTimestamp();
            _lost += Math.Max(0, now - _seen - Longest);
            _seen = now;
            return now - _lost;
        }
    }

    private sealed class SteadyTimer : ITimer
    {
        private readonly Lock _gate = new();
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _timer;
        private TimeSpan _period;
        private long? _due;

        public SteadyTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            _timer = System.CreateTimer(
                static timer => ((SteadyTimer)timer!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                _period = period;
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : Now() + Ticks(dueTime);
                return _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            lock (_gate)
                _due = null;
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * System.TimestampFrequency);

        private void Fire()
        {
            lock (_gate)
            {
                if (_due is not { } due)
                    return;
                if (due - Now() is var left and > 0)
                {
                    _timer.Change(
                        TimeSpan.FromMilliseconds(1 + (left * 1000 / System.TimestampFrequency)), Timeout.InfiniteTimeSpan);
                    return;
                }

                _due = _period > TimeSpan.Zero ? Now() + Ticks(_period) : null;
                _timer.Change(_due is null ? Timeout.InfiniteTimeSpan : _period, Timeout.InfiniteTimeSpan);
            }

            _callback(_state);
        }
    }
}
