namespace Broker.Simulation.Tests;

/// <summary>A fault that is put into a world on purpose, at its seams or into the state of an actor: a line that somebody forgot.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Within">Schedules in which it has to be found.</param>
/// <param name="Codes">The violations by which it may show.</param>
/// <param name="Apply">Puts it in.</param>
/// <param name="HasPeers">Whether it shows in schedules with peers only.</param>
internal sealed record Mutation(string Name, int Within, string[] Codes, Action<World, Cluster> Apply, bool HasPeers = false)
{
    /// <summary>Violations to which it leads as well in some schedules, and that are passed over: they do not show what is wrong.</summary>
    public string[] Besides { get; init; } = [];

    /// <summary>The schedule of a seed in which it is looked for.</summary>
    public Schedule ScheduleOf(ulong seed) => HasPeers ? Schedule.WithPeers(seed) : Schedule.Alone(seed);

    public override string ToString() => Name;
}
