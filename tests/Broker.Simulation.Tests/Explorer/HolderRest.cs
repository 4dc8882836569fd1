using Broker.Agent.Session;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>What is not at rest of nodes that may hold a customer, of its rotation, and of an agent that follows its identity.</summary>
/// <param name="Code">Of the violation where it stays so.</param>
/// <param name="Text">What.</param>
internal sealed record HolderRest(string Code, string Text)
{
    /// <summary>The first thing; null where all is at rest.</summary>
    public static HolderRest? Of(Cluster cluster)
    {
        if (cluster.Epochs.IsRotating)
        {
            return new("rotation-stuck", "rows of the epoch before are left");
        }

        foreach (var node in cluster.Dmz)
        {
            if (node?.Key is { } key && Inside.Get<CustomerSecret?>(key, "_secret") is { Predecessor: not null })
            {
                return new("old-secret-kept", $"{node.Process.Name} holds the secret of the epoch before ({key.Shape.State})");
            }
        }

        // Agents follow no identity that was given up; people enrol them anew.
        return cluster.Agent is { } agent && !cluster.Epochs.IsBroken &&
            Cells.Actor(Cells.Of(agent.Session)) is not SessionActor { Shape.IsLive: true }
            ? new("agent-left-behind", "the agent has no session with the owner")
            : null;
    }

    public override string ToString() => $"{Code}: {Text}";
}
