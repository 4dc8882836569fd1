using System.Diagnostics;
using System.Globalization;

namespace Broker.Host.Tests;

/// <summary>Signals and exit codes of a real process of its own.</summary>
public sealed class SignalSpecs : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

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
        using var process = await Start("never ends");
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

    private async Task<Process> Start(string handler, string up = "is up")
    {
        var settings = Path.Combine(_directory.FullName, "probe.conf");
        await File.WriteAllTextAsync(
            settings, $"broker {{ probe.handler = \"{handler}\", host.stop-deadline = 2 s, log.level = information }}");
        var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "host-probe"), ["--config", settings])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
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
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }
}
