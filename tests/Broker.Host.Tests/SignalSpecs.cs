using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Broker.TestKit;

namespace Broker.Host.Tests;

/// <summary>Signals and exit codes of a real process of its own.</summary>
public sealed class SignalSpecs : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-host-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [Trait("Statement", "C4")]
    public async Task C4_signal_should_end_the_actors_and_exit_with_zero(string signal)
    {
        using var process = await Start("waits");
        await Send(signal, process);
        Assert.Equal(ExitCodes.Ok, await ExitCode(process));
        Assert.Contains("stopped in good order", await process.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Statement", "C5")]
    [Trait("Statement", "Diff10")]
    public async Task C5_Diff10_actor_that_does_not_end_should_make_the_exit_code_say_so_at_the_deadline()
    {
        using var process = await Start("never ends", deadline: "2 s");
        await Send("TERM", process);
        Assert.Equal(ExitCodes.Unclean, await ExitCode(process));
    }

    [Fact]
    [Trait("Statement", "C5")]
    public async Task C5_failed_node_should_stop_in_good_order_and_exit_with_another_code_than_zero()
    {
        using var process = await Start("fails", up: "stopping, within");
        Assert.Equal(ExitCodes.Unclean, await ExitCode(process));
        Assert.Contains("stopped in good order", await process.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Statement", "C3")]
    public async Task C3_node_should_leave_while_it_serves_and_be_told_why()
    {
        using var process = await Start("waits");
        await Send("TERM", process);
        Assert.Equal(ExitCodes.Ok, await ExitCode(process));
        Assert.Contains("leaving because of SIGTERM", await process.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_that_does_not_leave_should_be_ended_by_a_second_signal()
    {
        using var process = await Start("never leaves");
        await Send("TERM", process);
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Limit) is { } line &&
            !line.Contains("leaving because of", StringComparison.Ordinal))
        {
            // Until it has begun.
        }

        await Send("TERM", process);
        Assert.Equal(ExitCodes.Unclean, await ExitCode(process));
    }

    [Fact]
    public async Task First_signal_should_not_cut_short_a_stop_that_somebody_else_began()
    {
        using var process = await Start("is asked to stop", up: "leaving because of a console");
        await Send("TERM", process);
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Limit) is { } line &&
            !line.Contains("stopping already", StringComparison.Ordinal))
        {
            // Until it has heard of it.
        }

        await process.StandardInput.WriteLineAsync();
        Assert.Equal(ExitCodes.Ok, await ExitCode(process));
    }

    [Fact]
    public async Task Node_that_does_not_leave_should_be_ended_by_the_deadline()
    {
        using var process = await Start("never leaves", deadline: "2 s");
        await Send("TERM", process);
        Assert.Equal(ExitCodes.Unclean, await ExitCode(process));
    }

    [Fact]
    public async Task Service_manager_should_hear_when_the_node_serves_lives_and_stops()
    {
        var path = Path.Combine(_directory.FullName, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        manager.Bind(new UnixDomainSocketEndPoint(path));
        // A day: the second sign of life, which is due after half of it or so, is in no test's way.
        using var process = await Start(
            "waits", environment: new() { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "86400000000" });
        Assert.StartsWith("READY=1", Heard(manager), StringComparison.Ordinal);
        Assert.Equal("WATCHDOG=1", Heard(manager));
        await Send("TERM", process);
        Assert.Equal("STOPPING=1\nSTATUS=stopping: SIGTERM", Heard(manager));
        Assert.Equal(ExitCodes.Ok, await ExitCode(process));
    }

    private static string Heard(Socket manager)
    {
        var message = new byte[500];
        return Encoding.UTF8.GetString(message, 0, manager.Receive(message));
    }

    private async Task<Process> Start(
        string handler, string up = "is up", string deadline = "10 minutes", Dictionary<string, string>? environment = null)
    {
        var settings = Path.Combine(_directory.FullName, "probe.conf");
        await File.WriteAllTextAsync(
            settings, $"broker {{ probe.handler = \"{handler}\", host.stop-deadline = {deadline}, log.level = information }}");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "host-probe"), ["--config", settings])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Limit) is { } line)
        {
            if (line.Contains(up, StringComparison.Ordinal))
                return process;
        }
        throw new InvalidOperationException($"the probe did not start: {await process.StandardError.ReadToEndAsync()}");
    }

    private static async Task Send(string signal, Process process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static async Task<int> ExitCode(Process process)
    {
        await process.WaitForExitAsync().WaitAsync(Patience.Limit);
        return process.ExitCode;
    }
}
