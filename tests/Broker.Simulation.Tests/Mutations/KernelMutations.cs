using Broker.Actors;
using Broker.Agent.Credentials;

namespace Broker.Simulation.Tests;

/// <summary>A kernel that loses something.</summary>
internal static class KernelMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("a watch is forgotten", 50, ["stuck"], ForgottenWatch),
        new("a wake-up is lost", 50, ["stuck", "never-rests", "secret-after-lock"], LostWakeUp),
    ];

    private static void ForgottenWatch(World world, Cluster cluster) => world.Meddles = () =>
    {
        if (cluster.Agent is { } agent)
        {
            foreach (var child in Cells.Children(Cells.Of(agent.Credentials))?.Values ?? Enumerable.Empty<Cell>())
            {
                Inside.Set(child, "_watchers", null);
            }
        }
    };

    private static void LostWakeUp(World world, Cluster cluster)
    {
        var lost = false;
        world.Loses = (process, item) => !lost && item is Mailbox<HandOffMessage> or Mailbox<Broker.Dmz.Customers.OutcomeMessage> &&
            (lost = world.Turns > 240);
    }
}
