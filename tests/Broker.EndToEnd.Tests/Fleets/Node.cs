using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>One node of a fleet: a process on a machine of its own, which can be ended, stopped for a while and started again.</summary>
internal sealed class Node(Machine machine, string program, IReadOnlyList<string> arguments) : IAsyncDisposable
{
    private const int MostStarts = 10;

    private readonly List<string> _logs = [];
    private BrokerProcess? _process;
    private int _starts;

    public string Name => machine.Name;

    public Machine Machine => machine;

    /// <summary>What all its starts printed.</summary>
    public string Log => string.Join("\n-- next start\n", [.. _logs, _process?.Log ?? ""]);

    public void Start()
    {
        var (wrapped, all) = PrivateNetwork.On(machine, program, arguments);
        _process = BrokerProcess.Start(machine.Name, wrapped, all);
    }

    /// <summary>
    /// Starts it again where it ended before it was up, as systemd does: a node that finds no database says so and ends. One that was up
    /// ends by no doing of its own.
    /// </summary>
    public void StartUnlessUp()
    {
        if (_process is not { HasExited: true } ended)
            return;
        if (ended.Log.Contains(" is up", StringComparison.Ordinal) || ++_starts == MostStarts)
            throw new InvalidOperationException($"{Name} ended:\n{Log}");
        _logs.Add(ended.Log);
        Start();
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await ForgetAsync();
    }

    /// <summary>SIGTERM; the exit code of the orderly stop.</summary>
    public async Task<int> StopAsync()
    {
        var code = await _process!.StopAsync();
        await ForgetAsync();
        return code;
    }

    public void Pause() => _ = Signals.Send(_process!.Id, Signals.Stop);

    public void Resume() => _ = Signals.Send(_process!.Id, Signals.Continue);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }

    private async Task ForgetAsync()
    {
        _logs.Add(_process!.Log);
        await _process.DisposeAsync();
    }
}
