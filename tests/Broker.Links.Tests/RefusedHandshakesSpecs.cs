using System.Net;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Microsoft.Extensions.Logging;

namespace Broker.Links.Tests;

public sealed class RefusedHandshakesSpecs
{
    private readonly ManualTime _time = new();
    private readonly Lines _lines = new();

    [Fact]
    public void Flood_should_be_one_line_a_minute_for_each_code_with_the_rest_counted()
    {
        var refused = new RefusedHandshakes(_lines, _time);
        for (var i = 0; i < 1000; i++)
            refused.Add("zone", LinkRefusal.WrongRole, new IPEndPoint(IPAddress.Loopback, i));
        refused.Add("zone", LinkRefusal.NotValidNow, null);
        Assert.Equal(2, _lines.Count);
        Assert.Contains("wrong-role", _lines[0], StringComparison.Ordinal);
        Assert.Contains("certificate-not-valid-now", _lines[1], StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromMinutes(1));
        refused.Add("zone", LinkRefusal.WrongRole, null);
        Assert.Equal(3, _lines.Count);
        Assert.Contains("1000 since", _lines[2], StringComparison.Ordinal);
        Assert.Equal(1001, refused.Count("zone", LinkRefusal.WrongRole));
    }

    [Fact]
    public void Codes_should_be_distinct_and_never_change()
    {
        var codes = Enum.GetValues<LinkRefusal>().Select(static r => r.Code()).ToList();
        Assert.Equal(codes.Count, codes.Distinct().Count());
        Assert.Equal("no-certificate", LinkRefusal.NoCertificate.Code());
        Assert.Equal("wrong-role", LinkRefusal.WrongRole.Code());
        Assert.Equal("tls-version", LinkRefusal.TlsVersion.Code());
        Assert.Equal("signature-invalid", LinkRefusal.BadSignature.Code());
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }

    private sealed class Lines : List<string>, ILogger<RefusedHandshakes>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add(formatter(state, exception));
    }
}
