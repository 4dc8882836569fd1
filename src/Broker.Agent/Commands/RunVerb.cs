using Broker.Actors;
using Broker.Agent.Settings;
using Broker.Agent.State;
using Broker.Links.Services;
using Broker.Secrets;
using Serilog;
using Serilog.Extensions.Logging;

namespace Broker.Agent.Commands;

/// <summary><c>broker-agent run</c>.</summary>
internal static class RunVerb
{
    private static readonly System.Globalization.CultureInfo Invariant = System.Globalization.CultureInfo.InvariantCulture;

    internal static async Task<int> RunAsync(string[] files, CancellationToken cancellation)
    {
        var settings = AgentSettingsReader.Load(files);
        Hardening.Apply(settings);
        using var sink = new LoggerConfiguration().MinimumLevel.Is(settings.LogLevel)
            .WriteTo.Console(formatProvider: Invariant).CreateLogger();
        using var factory = new SerilogLoggerFactory(sink);
        var logger = factory.CreateLogger("broker-agent");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var stopped = await ServeAsync(settings, logger, stop.Token);
        AgentLog.Stopped(logger, SecretMemory.Default.LiveBytes);
        return stopped ? ExitCode.Success : ExitCode.NotStopped;
    }

    /// <returns>Whether everything was stopped in time.</returns>
    private static async Task<bool> ServeAsync(AgentSettings settings, Microsoft.Extensions.Logging.ILogger logger, CancellationToken stop)
    {
        var directory = StateDirectory.Open(settings.StatePath, settings.AllowDisk);
        using var host = AgentHost.Start(settings, directory, BootId.Read(), new ActorSystemOptions(), logger);
        using var compiler = CompilerPriority.Lower(TimeProvider.System);
        using var manager = ServiceNotices.From(Environment.GetEnvironmentVariable, Environment.ProcessId, TimeProvider.System);
        using var reload = stop.Register(() =>
        {
            manager.Stopping("stopping: uses end, and are reported");
            host.RequestStop();
        });
        manager.Ready();
        return await host.Completion;
    }
}
