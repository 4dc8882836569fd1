using Broker.Host.Logging;
using Broker.Host.Running;
using Microsoft.Extensions.Logging;
using Serilog.Events;

namespace Broker.Host.Tests;

public sealed class WebLogsSpecs
{
    // A logger that takes anything, errors only even, has the server make an activity and a scope for each request.
    [Fact]
    public void Diagnostics_of_requests_should_be_made_only_where_the_level_asks_for_them()
    {
        using var quiet = NodeLogging.Create(Settings(LogEventLevel.Information));
        using var debug = NodeLogging.Create(Settings(LogEventLevel.Debug));

        Assert.False(Logger(quiet, WebLogs.RequestDiagnostics).IsEnabled(LogLevel.Critical));
        Assert.True(Logger(debug, WebLogs.RequestDiagnostics).IsEnabled(LogLevel.Information));
        Assert.True(Logger(quiet, "Microsoft.AspNetCore.Server.Kestrel").IsEnabled(LogLevel.Warning));
    }

    private static LogSettings Settings(LogEventLevel level) => new(level, Json: false, File: null, FileBytes: 1 << 20, FileCount: 1);

    private static ILogger Logger(ILoggerFactory logs, string category)
    {
        using var web = new WebLogs(logs);
        return web.CreateLogger(category);
    }
}
