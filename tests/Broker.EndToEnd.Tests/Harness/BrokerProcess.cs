using System.Diagnostics;
using System.Text;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>One process that a test started, with what it printed. Disposing kills it with what it started itself.</summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private const int MaxLog = 4 << 20;

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly Lock _gate = new();
    private readonly Task _reading;
    private bool _disposed;

    private BrokerProcess(string name, Process process)
    {
        Name = name;
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _disposed || _process.HasExited;

    public string Log
    {
        get
        {
            lock (_gate)
                return _log.ToString();
        }
    }

    public static BrokerProcess Start(string name, string executable, params IReadOnlyList<string> arguments)
    {
        var info = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(info)!;
        process.StandardInput.Close();
        return new BrokerProcess(name, process);
    }

    /// <summary>Waits until the log holds a text, at or after an offset.</summary>
    public Task LoggedAsync(string text, int from = 0) => Eventually.TrueAsync($"{Name} logs '{text}'", async () =>
    {
        // In this order: what an ended process printed is read to its end before it is looked at.
        var ended = HasExited;
        if (ended)
            await _reading;
        var log = Log;
        return log.AsSpan(Math.Min(from, log.Length)).Contains(text, StringComparison.Ordinal)
            || (ended ? throw new InvalidOperationException($"{Name} ended before it logged '{text}':\n{log}") : false);
    });

    /// <summary>SIGKILL to this process alone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code of the orderly stop.</summary>
    public async Task<int> StopAsync()
    {
        _ = Signals.Send(Id, Signals.Terminate);
        return await ExitAsync();
    }

    /// <summary>Waits for its end, and gives the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        await _process.WaitForExitAsync(limit.Token);
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                if (_log.Length < MaxLog)
                    _log.AppendLine(line);
            }
        }
    }
}
