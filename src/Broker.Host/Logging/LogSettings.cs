using Broker.Configuration;
using Serilog.Events;

namespace Broker.Host.Logging;

/// <summary>The section <c>broker.log</c>.</summary>
/// <param name="Level">Least severity that is written.</param>
/// <param name="Json">One JSON object a line instead of text.</param>
/// <param name="File">A file besides standard output, or null.</param>
/// <param name="FileBytes">Size at which the file is rolled.</param>
/// <param name="FileCount">Rolled files that are kept.</param>
internal sealed record LogSettings(LogEventLevel Level, bool Json, string? File, long FileBytes, int FileCount)
{
    public static LogSettings Read(SettingsReader reader) => new(
        reader.OneOf(
            "level",
            ("trace", LogEventLevel.Verbose),
            ("debug", LogEventLevel.Debug),
            ("information", LogEventLevel.Information),
            ("warning", LogEventLevel.Warning),
            ("error", LogEventLevel.Error),
            ("critical", LogEventLevel.Fatal)),
        reader.OneOf("format", ("text", false), ("json", true)),
        reader.OptionalPath("file"),
        reader.Size("file-size", 1L << 20, 1L << 30),
        reader.Integer("file-count", 1, 100));
}
