using Broker.Configuration.Settings;

namespace Broker.Configuration.Tests;

public class QuantitySpecs
{
    [Theory]
    [InlineData("10", 10)]
    [InlineData("10ms", 10)]
    [InlineData("500 ms", 500)]
    [InlineData("500 milliseconds", 500)]
    [InlineData("10s", 10_000)]
    [InlineData(" 10 s ", 10_000)]
    [InlineData("1.5 seconds", 1_500)]
    [InlineData("2 minutes", 120_000)]
    [InlineData("2m", 120_000)]
    [InlineData("1 hour", 3_600_000)]
    [InlineData("24 h", 86_400_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("3000000 nanos", 3)]
    [InlineData("4000 us", 4)]
    [InlineData("-1s", -1000)]
    public void Duration_should_be_read_in_every_unit(string text, double milliseconds)
    {
        Assert.True(DurationFormat.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("10 parsecs")]
    [InlineData("10 S")]
    [InlineData("1 2 s")]
    [InlineData("1e3 s")]
    [InlineData("50 ns")]
    [InlineData("99999999999 d")]
    [InlineData("99999999999999999999999999999999999999 s")]
    public void Duration_should_be_refused_when_it_is_none(string text) => Assert.False(DurationFormat.TryParse(text, out _));

    [Theory]
    [InlineData("10", 10)]
    [InlineData("10B", 10)]
    [InlineData("10 bytes", 10)]
    [InlineData("1kB", 1000)]
    [InlineData("1 kilobyte", 1000)]
    [InlineData("64 KiB", 65536)]
    [InlineData("1K", 1024)]
    [InlineData("1k", 1024)]
    [InlineData("1Ki", 1024)]
    [InlineData("10 MB", 10_000_000)]
    [InlineData("1m", 1 << 20)]
    [InlineData("1M", 1 << 20)]
    [InlineData("2 mebibytes", 2 << 20)]
    [InlineData("0.5 MiB", 1 << 19)]
    [InlineData("1g", 1 << 30)]
    [InlineData("1 GB", 1_000_000_000)]
    [InlineData("1T", 1L << 40)]
    [InlineData("1PB", 1_000_000_000_000_000)]
    [InlineData("1 exbibyte", 1L << 60)]
    public void Size_should_be_read_in_every_unit(string text, long bytes)
    {
        Assert.True(SizeFormat.TryParse(text, out var size));
        Assert.Equal(bytes, size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("1 KB")]
    [InlineData("1 mb")]
    [InlineData("0.3 B")]
    [InlineData("8 EiB")]
    [InlineData("1 YB")]
    public void Size_should_be_refused_when_it_is_none(string text) => Assert.False(SizeFormat.TryParse(text, out _));

    [Theory]
    [InlineData("24 h", "24 h")]
    [InlineData("90 days", "90 days")]
    [InlineData("90 s", "90 s")]
    [InlineData("1500", "1500 ms")]
    [InlineData("2 m", "2 min")]
    [InlineData("0", "0 s")]
    public void Duration_should_be_shown_in_the_largest_unit_that_divides_it(string text, string shown)
    {
        Assert.True(DurationFormat.TryParse(text, out var duration));
        Assert.Equal(shown, DurationFormat.Format(duration));
    }

    [Theory]
    [InlineData("session-timout", "session-timeout")]
    [InlineData("sesion-tiemout", "session-timeout")]
    [InlineData("Listen", "listen")]
    [InlineData("lsiten", "listen")]
    [InlineData("color", null)]
    [InlineData("x", null)]
    public void Likeness_should_find_what_was_meant(string written, string? meant) =>
        Assert.Equal(meant, Likeness.Nearest(written, ["session-timeout", "listen", "node"]));
}
