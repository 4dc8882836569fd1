using System.CommandLine;
using System.Reflection;
using Broker.Console.Shell;

namespace Broker.Console.Health;

/// <summary>Result of <c>version</c>.</summary>
internal sealed record VersionResult(string Version);

/// <summary><c>brokerctl version</c>.</summary>
internal static class VersionCommand
{
    public static Command Create(ConsoleHost host) => new Command("version", "Prints this program's version").Runs(host, context =>
    {
        var version = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        context.Print(new VersionResult(version), ConsoleJson.Default.VersionResult, o => o.WriteLine($"brokerctl {version}"));
        return ExitCode.Ok;
    });
}
