using Broker.TestKit;

namespace Broker.Cluster.Tests.Support;

/// <summary>A clock whose timers do not fire, as in a process that was stopped while they were due.</summary>
internal sealed class LateTime : TimeProvider
{
    public long Now { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new ManualTime().CreateTimer(callback, state, dueTime, period);
}
