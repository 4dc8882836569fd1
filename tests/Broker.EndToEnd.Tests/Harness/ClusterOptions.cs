namespace Broker.EndToEnd.Tests.Harness;

/// <summary>What a test's cluster has beside the rest: HOCON lines, and the agent's named uses.</summary>
internal sealed record ClusterOptions
{
    public string ZoneSettings { get; init; } = "";

    public string DmzSettings { get; init; } = "";

    public string AgentSettings { get; init; } = "";

    /// <summary>Wraps the command that starts the DMZ node; as it is without it.</summary>
    public Func<string, IReadOnlyList<string>, (string Program, IReadOnlyList<string> Arguments)>? Wrap { get; init; }

    public string Uses { get; init; } = "keep { mode = hold }";
}
