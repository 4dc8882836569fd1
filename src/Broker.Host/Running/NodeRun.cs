using System.Net.Sockets;
using System.Runtime.InteropServices;
using Broker.Actors;
using Broker.Host.Health;
using Broker.Host.Logging;
using Broker.Links.Identity;
using Broker.Links.Services;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Broker.Host.Running;

/// <summary>One run of a node: start, wait for a signal or a failure, stop within the deadline, say by the exit code how it went.</summary>
internal sealed partial class NodeRun<TSettings>(
    NodeDefinition<TSettings> node, NodeSettings<TSettings> settings, TimeProvider time, TextWriter errors) : IDisposable
{
    private readonly TaskCompletionSource<string> _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _hurry = new();
    private readonly NodeHealth _health = new();
    // One deadline for the whole stop: no phase needs one of its own.
    private readonly CoordinatedShutdown _shutdown = new(
        time, ShutdownPhases.Default.Select(phase => phase with { Timeout = settings.StopDeadline }));
    private volatile bool _failed;
    private int _signals;

    public async Task<int> RunAsync()
    {
        using var logs = NodeLogging.Create(settings.Log);
        var log = logs.CreateLogger(node.Name);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => OnSignal(signal, log));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => OnSignal(signal, log));
        using var compiler = CompilerPriority.Lower(time);
        using var manager = ServiceNotices.From(Environment.GetEnvironmentVariable, Environment.ProcessId, time);
        INode started;
        try
        {
            var context = new NodeContext(logs, _health, time, reason => Fail(log, reason))
            {
                Shutdown = _shutdown,
                Stop = reason => _stop.TrySetResult(reason),
                Tell = manager.Status,
                StopDeadline = settings.StopDeadline,
            };
            started = await node.StartAsync(context, settings.Own, _hurry.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StartException or InstallationKeyException or IOException or SocketException)
        {
            foreach (var problem in Problems(e))
                await errors.WriteLineAsync("error: " + problem).ConfigureAwait(false);
            return ExitCodes.Start;
        }
        catch (OperationCanceledException) when (_hurry.IsCancellationRequested)
        {
            return ExitCodes.Unclean;
        }
        catch (Exception e)
        {
            LogStartFailed(log, e);
            await errors.WriteLineAsync("error: the node failed to start for a reason it did not foresee; its log has it")
                .ConfigureAwait(false);
            return ExitCodes.Start;
        }

        _health.Started();
        manager.Ready();
        LogStarted(log, node.Name);
        var reason = await _stop.Task.ConfigureAwait(false);
        _health.Stopping();
        manager.Stopping("stopping: " + reason);
        return await StopAsync(started, reason, log).ConfigureAwait(false) && !_failed ? ExitCodes.Ok : ExitCodes.Unclean;
    }

    public void Dispose() => _hurry.Dispose();

    private static IEnumerable<string> Problems(Exception e) => e switch
    {
        StartException start => start.Problems,
        { InnerException: AddressInUseException } =>
            ["an address to listen on is in use: " + e.Message + "; stop what uses it or change the listen key"],
        _ => [e.Message],
    };

    private async Task<bool> StopAsync(INode started, string reason, ILogger log)
    {
        LogStopping(log, settings.StopDeadline, reason);
        using var deadline = new CancellationTokenSource(settings.StopDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _hurry.Token);
        var until = either.Token;
        _shutdown.Add(ShutdownPhases.BeforeServiceUnbind, node.Name, _ => ToldAsync(started.LeaveAsync(reason, until), log));
        _shutdown.Add(ShutdownPhases.ServiceStop, node.Name, _ => ToldAsync(started.StopAsync(until), log));
        _shutdown.Add(ShutdownPhases.ActorSystemTerminate, node.Name, _ => ToldAsync(started.DisposeAsync().AsTask(), log));
        try
        {
            // Waited for here too: a part that ignores its token must not keep the process.
            var result = await _shutdown.RunAsync().WaitAsync(until).ConfigureAwait(false);
            foreach (var problem in result.Problems)
                LogProblem(log, problem.Phase, problem.Task, problem.ExceptionType ?? "it did not end in time");
            if (result.IsClean)
                LogStopped(log);
            return result.IsClean;
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            LogDeadline(log);
            return false;
        }
    }

    private static async Task ToldAsync(Task part, ILogger log)
    {
        try
        {
            await part.ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogStopFailed(log, e);
            throw;
        }
    }

    private void Fail(ILogger log, string reason)
    {
        LogFailed(log, reason);
        _failed = true;
        _stop.TrySetResult(reason);
    }

    // The first signal stops in good order, a second one at once. A stop that a call or a failure began is no signal: the service manager's
    // own, which may come on top of it, does not cut it short.
    private void OnSignal(PosixSignalContext context, ILogger log)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
            _hurry.Cancel();
        else if (!_stop.TrySetResult(context.Signal.ToString()))
            LogStoppingAlready(log, context.Signal);
    }

    [LoggerMessage(2001, LogLevel.Information, "{Node} is up")]
    private static partial void LogStarted(ILogger logger, string node);

    [LoggerMessage(2002, LogLevel.Information, "stopping, within {Deadline}: {Reason}")]
    private static partial void LogStopping(ILogger logger, TimeSpan deadline, string reason);

    [LoggerMessage(2009, LogLevel.Information, "{Signal}: stopping already; another signal ends it at once")]
    private static partial void LogStoppingAlready(ILogger logger, PosixSignal signal);

    [LoggerMessage(2003, LogLevel.Information, "stopped in good order")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(2004, LogLevel.Error, "the stop did not end in time; exiting with what is left")]
    private static partial void LogDeadline(ILogger logger);

    [LoggerMessage(2005, LogLevel.Error, "a part failed while stopping")]
    private static partial void LogStopFailed(ILogger logger, Exception exception);

    [LoggerMessage(2006, LogLevel.Critical, "stopping, since the node cannot go on: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(2008, LogLevel.Error, "not a clean stop: {Phase}, {Task}: {What}")]
    private static partial void LogProblem(ILogger logger, string phase, string task, string what);

    [LoggerMessage(2007, LogLevel.Critical, "the node failed to start")]
    private static partial void LogStartFailed(ILogger logger, Exception exception);
}
