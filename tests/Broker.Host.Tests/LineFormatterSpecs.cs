using System.Text.Json;
using Broker.Host.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Broker.Host.Tests;

public sealed class LineFormatterSpecs
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Line_should_stay_one_line_whatever_is_logged(bool json)
    {
        var text = Write(json, "peer\r\n2026-01-01 error forged \u001b[2J\u0085\u2028\u202E end");
        Assert.Equal(1, text.Count(char.IsControl));
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', text);
        Assert.DoesNotContain('\u2028', text);
    }

    [Fact]
    public void Json_should_parse_and_keep_the_value()
    {
        const string Value = "a\nb\u0085\u202E\"";
        var root = JsonDocument.Parse(Write(json: true, Value)).RootElement;
        Assert.Equal(Value, root.GetProperty("Properties").GetProperty("Remote").GetString());
    }

    [Fact]
    public void Text_should_hold_level_message_and_exception() =>
        Assert.Matches("^[0-9-]+T[0-9:.]+Z warn : from \"x\" \\| System.InvalidOperationException: why\n$", Write(
            json: false, "x", new InvalidOperationException("why")));

    private static string Write(bool json, string value, Exception? exception = null)
    {
        using var output = new StringWriter();
        var sink = new Sink(e => new LineFormatter(json).Format(e, output));
        using var logger = new LoggerConfiguration().WriteTo.Sink(sink).CreateLogger();
        logger.Warning(exception, "from {Remote}", value);
        return output.ToString();
    }

    private sealed class Sink(Action<LogEvent> emit) : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => emit(logEvent);
    }
}
