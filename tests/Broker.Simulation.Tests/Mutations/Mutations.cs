namespace Broker.Simulation.Tests;

/// <summary>The faults that the explorer has to find, by name.</summary>
internal static class AllMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        .. WipeMutations.All, .. ZoneMutations.All, .. KeyMutations.All, .. AgentMutations.All, .. KernelMutations.All,
        .. CustodyMutations.All, .. TransferMutations.All,
    ];
}
