using Broker.Actors;
using Broker.Host.Health;
using Broker.Links.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Running;

/// <summary>What the host gives a node.</summary>
/// <param name="Logs">Makes loggers.</param>
/// <param name="Health">Where the node's parts report their conditions.</param>
/// <param name="Time">The process's time.</param>
/// <param name="Fail">Ends the process in good order but with <see cref="ExitCodes.Unclean"/>: something that it needs is gone for
/// good.</param>
public sealed record NodeContext(ILoggerFactory Logs, NodeHealth Health, TimeProvider Time, Action<string> Fail)
{
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Refused handshakes of all listeners of this process.</summary>
    public RefusedHandshakes Refused { get; } = new(Logs.CreateLogger<RefusedHandshakes>(), Time);

    /// <summary>
    /// The phases of the stop: a node adds what must happen in its place, the end of its actors for instance. The node's own stop runs in
    /// <see cref="ShutdownPhases.ServiceStop"/>, its disposal in <see cref="ShutdownPhases.ActorSystemTerminate"/>. What fails or is late
    /// makes the end unclean.
    /// </summary>
    public CoordinatedShutdown Shutdown { get; init; } = new(Time);

    /// <summary>
    /// Stops the process in good order, as its manager's signal does; the text says who wants it, for people. Later calls do nothing.
    /// </summary>
    public Action<string> Stop { get; init; } = static _ => { };

    /// <summary>Tells the service manager what the node does, in a line without secrets.</summary>
    public Action<string> Tell { get; init; } = static _ => { };

    /// <summary>How long the whole stop may take.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// A web application with nothing in it but Kestrel, routing, the process's log and time: no configuration files, no environment, no
    /// signal handlers, no listeners of its own. The caller adds listeners by <see cref="KestrelLinks"/>, and <c>UseRouting</c> after what
    /// must come before it.
    /// </summary>
    /// <param name="kestrel">Adds the listeners.</param>
    public WebApplicationBuilder CreateWebBuilder(Action<KestrelServerOptions> kestrel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "broker" });
        builder.Services.AddSingleton<ILoggerFactory>(new WebLogs(Logs));
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton(Time);
        builder.Services.AddSingleton(Health);
        builder.Services.AddSingleton(Refused);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.RequestHeadersTimeout = HeadersTimeout;
            options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel(options);
        });
        return builder;
    }

    // Signals are the host's: the web application is stopped by the node, in its place in the order.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
