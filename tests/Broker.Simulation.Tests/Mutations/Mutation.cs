namespace Broker.Simulation.Tests;

/// <summary>A fault that is put into a world on purpose, at its seams or into the state of an actor: a line that somebody forgot.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Within">Schedules in which it has to be found.</param>
/// <param name="Codes">The violations by which it may show.</param>
/// <param name="Apply">Puts it in.</param>
internal sealed record Mutation(string Name, int Within, string[] Codes, Action<World, Cluster> Apply)
{
    public override string ToString() => Name;
}
