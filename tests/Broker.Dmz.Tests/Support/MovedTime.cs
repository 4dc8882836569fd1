using Broker.TestKit;

namespace Broker.Dmz.Tests.Support;

/// <summary>Timers and spans of a clock that the test moves, and the day of the machine's: certificates are of today.</summary>
internal sealed class MovedTime(ManualTime time) : TimeProvider
{
    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
