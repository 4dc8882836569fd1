using Broker.TestKit;

namespace Broker.Dmz.Tests.Support;

/// <summary>
/// A steady clock, which a test can put forward: its own timers do not notice that, those of actors do as soon as one of them is due.
/// </summary>
internal sealed class ShiftedTime : SteadyTime
{
    private long _shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;

    public override long GetTimestamp() => base.GetTimestamp() + (Shift.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));

    public void Advance(TimeSpan span) => Interlocked.Add(ref _shift, span.Ticks);

    private TimeSpan Shift => new(Interlocked.Read(ref _shift));
}
