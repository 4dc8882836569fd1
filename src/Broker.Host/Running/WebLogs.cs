using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Host.Running;

/// <summary>
/// The log as the web server has it. Its diagnostics of requests are made whenever their logger takes anything at all: an activity and a
/// scope for each request, which then flow through all that the request awaits and into the headers of the calls that it makes. Where
/// the level says that nobody reads of requests, they are not made.
/// </summary>
internal sealed class WebLogs(ILoggerFactory logs) : ILoggerFactory
{
    internal const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public ILogger CreateLogger(string categoryName)
    {
        var logger = logs.CreateLogger(categoryName);
        return categoryName == RequestDiagnostics && !logger.IsEnabled(LogLevel.Information) ? NullLogger.Instance : logger;
    }

    public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

    public void Dispose()
    {
        // The process's log outlives its web applications.
    }
}
