using System.Diagnostics;
using System.Globalization;

namespace Broker.Host.Tests;

/// <summary>The units of scripts/systemd, by the service manager's own checks and by what the executables need.</summary>
public sealed class UnitSpecs
{
    private const int StopDeadline = 20;

    private static readonly string[] Executables = ["broker-zone", "broker-dmz", "broker-agent"];

    public static TheoryData<string> All => [.. Executables];

    [SkippableTheory]
    [MemberData(nameof(All))]
    public async Task Unit_should_be_verified_by_systemd(string name)
    {
        Skip.IfNot(File.Exists("/usr/bin/systemd-analyze"), "systemd-analyze is not installed");
        var directory = Directory.CreateTempSubdirectory("broker-units-");
        try
        {
            // It looks for what it starts; nothing is installed here.
            var unit = Path.Combine(directory.FullName, name + ".service");
            await File.WriteAllTextAsync(unit, Unit(name).Replace($"/opt/broker/{name}/{name}", "/bin/true", StringComparison.Ordinal));
            using var process = Process.Start(new ProcessStartInfo("/usr/bin/systemd-analyze", ["verify", "--man=no", unit])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var told = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();

            Assert.Equal("", string.Concat(told).Trim());
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Unit_should_leave_time_for_the_stop_and_nothing_for_dumps(string name)
    {
        var unit = Unit(name);

        Assert.Equal("notify", Value(unit, "Type"));
        Assert.Equal("0", Value(unit, "LimitCORE"));
        Assert.Equal("yes", Value(unit, "NoNewPrivileges"));
        Assert.Equal("strict", Value(unit, "ProtectSystem"));
        Assert.NotEqual("", Value(unit, "RestrictAddressFamilies"));
        Assert.True(int.Parse(Value(unit, "TimeoutStopSec"), CultureInfo.InvariantCulture) > StopDeadline);
        Assert.True(int.Parse(Value(unit, "WatchdogSec"), CultureInfo.InvariantCulture) > 0);
        Assert.Equal("SIGKILL", Value(unit, "WatchdogSignal"));
        Assert.DoesNotContain("\nMemoryDenyWriteExecute", unit, StringComparison.Ordinal);
    }

    [Fact]
    public void Unit_of_a_dmz_node_should_keep_tickets_for_the_next_start()
    {
        Assert.True(int.Parse(Value(Unit("broker-dmz"), "FileDescriptorStoreMax"), CultureInfo.InvariantCulture) > 1);
        Assert.Equal("256M", Value(Unit("broker-dmz"), "LimitMEMLOCK"));
        Assert.Equal("", Value(Unit("broker-zone"), "FileDescriptorStoreMax"));
    }

    private static string Unit(string name) => File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "scripts", "systemd", name + ".service"));

    private static string Value(string unit, string key) => unit.Split('\n')
        .FirstOrDefault(l => l.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..] ?? "";
}
