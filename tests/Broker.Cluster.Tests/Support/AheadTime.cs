namespace Broker.Cluster.Tests.Support;

/// <summary>The machine's clock, which a test can put forward; its timers do not notice that.</summary>
internal sealed class AheadTime : TimeProvider
{
    private long _ahead;

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, (long)(by.TotalSeconds * TimestampFrequency));
}
