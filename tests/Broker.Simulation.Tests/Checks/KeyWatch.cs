using Broker.Dmz.Customers;

namespace Broker.Simulation.Tests;

/// <summary>What the keys' actors change into, turn by turn.</summary>
internal sealed class KeyWatch(World world, Cluster cluster)
{
    private readonly Dictionary<CustomerKey, string> _states = [];

    /// <summary>Looks at the process whose turn it was.</summary>
    public void Check()
    {
        if (cluster.NodeOf(world.Last) is not { Key: { } key } node)
        {
            return;
        }

        var (before, now) = (_states.GetValueOrDefault(key, KeyState.Unknown), key.Shape.State);
        if (ReferenceEquals(before, now))
        {
            return;
        }

        _states[key] = now;
        switch (now)
        {
            case KeyState.Locked or KeyState.Unknown:
                world.Oracle.ForgetClaim(node);
                break;
            case KeyState.Unlocked when before is KeyState.Unlocking or KeyState.LiftNeeded &&
                cluster.People.TheMaking?.IsUnlockedBy(node.Given) != true:
                world.Oracle.Fail("superseded-way", $"{node.Process.Name} unlocks, and nothing was given there of a way that counts");
                break;
        }
    }
}
