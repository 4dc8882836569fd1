using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Json;

namespace Broker.Host.Logging;

/// <summary>
/// Writes an event as one line, text or JSON, with every control and formatting character escaped: whatever a peer sends, it can neither
/// forge a line nor move an operator's terminal.
/// </summary>
internal sealed class LineFormatter(bool json) : ITextFormatter
{
    private static readonly JsonFormatter Json = new(
        closingDelimiter: "", renderMessage: true, formatProvider: CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        if (json)
            Json.Format(logEvent, line);
        else
            FormatText(logEvent, line);
        foreach (var c in line.ToString())
        {
            if (char.IsControl(c) || char.GetUnicodeCategory(
                c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                output.Write($"\\u{(int)c:x4}");
            else
                output.Write(c);
        }

        output.Write('\n');
    }

    private static void FormatText(LogEvent logEvent, StringWriter line)
    {
        line.Write(logEvent.Timestamp.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ ", CultureInfo.InvariantCulture));
        line.Write(Level(logEvent.Level));
        if (logEvent.Properties.TryGetValue("SourceContext", out var source) && source is ScalarValue { Value: string name })
            line.Write(" " + name);
        line.Write(": ");
        logEvent.RenderMessage(line, CultureInfo.InvariantCulture);
        if (logEvent.Exception is { } exception)
            line.Write(" | " + exception.ToString().ReplaceLineEndings(" | "));
    }

    private static string Level(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "trace",
        LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info ",
        LogEventLevel.Warning => "warn ",
        LogEventLevel.Error => "error",
        _ => "fatal",
    };
}
