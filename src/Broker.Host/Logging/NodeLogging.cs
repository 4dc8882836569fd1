using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Broker.Host.Logging;

/// <summary>Makes the process's log from its settings.</summary>
internal static class NodeLogging
{
    public static ILoggerFactory Create(LogSettings settings)
    {
        var formatter = new LineFormatter(settings.Json);
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(settings.Level)
            // The runtime tells of each request, with its path; that is for whoever asks for debug.
            .MinimumLevel.Override("Microsoft", settings.Level == LogEventLevel.Information ? LogEventLevel.Warning : settings.Level)
            .WriteTo.Console(formatter);
        if (settings.File is { } file)
        {
            configuration.WriteTo.File(
                formatter, file, fileSizeLimitBytes: settings.FileBytes, rollOnFileSizeLimit: true,
                retainedFileCountLimit: settings.FileCount);
        }

        return new SerilogLoggerFactory(configuration.CreateLogger(), dispose: true);
    }
}
