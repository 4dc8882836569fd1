using Broker.Agent.Settings;
using Broker.Agent.State;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Commands;

/// <summary>The verbs that look and change nothing.</summary>
internal static class InspectVerbs
{
    internal static async Task<int> CheckAsync(string[] files)
    {
        var settings = AgentSettingsReader.Load(files);
        await Console.Out.WriteLineAsync(
            $"the configuration is valid: {settings.Dmz.Count} DMZ addresses, {settings.Uses.Count} named uses");
        foreach (var use in settings.Uses.Values)
            await Console.Out.WriteLineAsync($"  {use.Name}: {Describe(use)}");
        return ExitCode.Success;
    }

    internal static async Task<int> StatusAsync(string[] files)
    {
        var settings = AgentSettingsReader.Load(files);
        var directory = StateDirectory.Open(settings.StatePath, settings.AllowDisk);
        if (Enrolled.ReadGrant(directory) is not { } grant)
        {
            await Console.Out.WriteLineAsync("enrolled: no");
            return ExitCode.Refused;
        }

        await Console.Out.WriteLineAsync(
            $"enrolled: {grant.Agent} of {grant.Customer} in {grant.Cluster}\ngrant-until: {grant.NotAfter:O}");
        var running = HandOffJournal.IsHeld(directory);
        await Console.Out.WriteLineAsync($"running: {(running ? "yes" : "no")}");
        if (running && StatusFile.Read(directory) is { } status)
            await Console.Out.WriteAsync(status);
        return running ? ExitCode.Success : ExitCode.NotRunning;
    }

    private static string Describe(Uses.NamedUse use) => use.Start is { } start
        ? $"{use.Mode.ToString().ToLowerInvariant()}, {start.Command.Arguments[0]}, credentials {Credentials(start.Files)}"
        : $"hold for {use.HoldFor}";

    private static string Credentials(IReadOnlyList<Name> files) => files.Count == 0 ? "one, any" : string.Join(", ", files);
}
