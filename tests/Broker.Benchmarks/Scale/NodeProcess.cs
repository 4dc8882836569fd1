using System.Diagnostics;
using System.Globalization;

namespace Broker.Benchmarks.Scale;

/// <summary>A process of the installation, or the bare server, that this program starts and looks at from outside.</summary>
internal sealed class NodeProcess : IDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    // A size that changes by less than this from one collection to the next has settled.
    private const double Settled = 0.003;
    private const int MaxCollections = 12;

    private readonly Process _process;

    private NodeProcess(string name, Process process) => (Name, _process) = (name, process);

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>User and system time since the start.</summary>
    public TimeSpan Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes that are in memory.</summary>
    public long Resident
    {
        get
        {
            var line = File.ReadLines($"/proc/{Id}/status").First(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Starts a program; what it says goes to a file.</summary>
    public static NodeProcess Start(string name, string logFile, string program, params string[] arguments)
    {
        var log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                // The bench asks for garbage collections through it, of the bare server and of the nodes alike.
                Environment = { ["DOTNET_EnableDiagnostics"] = "1", ["DOTNET_EnableDiagnostics_IPC"] = "1" },
            },
        };
        void Write(string? line)
        {
            lock (log)
                log.WriteLine(line);
        }

        process.OutputDataReceived += (_, said) => Write(said.Data);
        process.ErrorDataReceived += (_, said) => Write(said.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new NodeProcess(name, process);
    }

    /// <summary>Waits for what becomes true, unless the process ends before.</summary>
    /// <exception cref="InvalidOperationException">It ended, or nothing came of it.</exception>
    public async Task UntilAsync(string what, Func<Task<bool>> isTrue, TimeSpan patience)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await isTrue())
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"{Name} ended with {_process.ExitCode} before {what}; see its log");
            if (Stopwatch.GetElapsedTime(begun) > patience)
                throw new InvalidOperationException($"{what} did not come to be in {patience.TotalSeconds:0} s; see the log of {Name}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    /// <summary>Resident bytes when garbage has been collected as often as it takes for them to stay what they are.</summary>
    public async Task<long> SettledAsync()
    {
        var before = long.MaxValue;
        for (var i = 0; ; i++)
        {
            await RuntimePort.CollectAsync(Id);
            await Task.Delay(BetweenLooks, TimeProvider.System);
            var now = Resident;
            if (i == MaxCollections || Math.Abs(now - before) < Settled * now)
                return now;
            before = now;
        }
    }

    /// <summary>Asks it to end, and ends it where it does not.</summary>
    public async Task StopAsync()
    {
        if (_process.HasExited)
            return;
        using (var term = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]))
            await term.WaitForExitAsync();
        using var late = new CancellationTokenSource(StopPatience, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
