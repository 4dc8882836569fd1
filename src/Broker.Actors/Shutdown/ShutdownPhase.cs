namespace Broker.Actors;

/// <summary>
/// One step of a <see cref="CoordinatedShutdown"/>: its tasks run together, and it ends when all have, or with its time. Immutable.
/// </summary>
/// <param name="Name">Unique among the phases.</param>
public sealed record ShutdownPhase(string Name)
{
    /// <summary>Names of the phases that end before this one begins. Default: none.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>How long its tasks may take, all together; more than zero. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>True (default): what fails or takes too long is noted, and the next phase begins. False: the shutdown ends there.</summary>
    public bool Recover { get; init; } = true;
}
