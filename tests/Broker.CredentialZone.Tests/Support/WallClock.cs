namespace Broker.CredentialZone.Tests.Support;

/// <summary>A clock that moves when the test says so.</summary>
internal sealed class WallClock : TimeProvider
{
    private DateTimeOffset _now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan span) => _now += span;
}
