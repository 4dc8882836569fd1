namespace Broker.CredentialZone.Tests.Support;

/// <summary>A clock that moves when the test says so.</summary>
internal sealed class WallClock : TimeProvider
{
    private long _passed;
    private DateTimeOffset _now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => base.GetTimestamp() + _passed;

    public void Advance(TimeSpan span) => _now += span;

    /// <summary>Lets what is waited for take so much longer.</summary>
    public void Pass(TimeSpan span) => _passed += span.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond);
}
