using System.Runtime.CompilerServices;
using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Session;
using Broker.Agent.Uses;

namespace Broker.Simulation.Tests;

/// <summary>
/// Who owns each live buffer of locked memory: actors by what they hold, messages by what they carry. One more or less is a violation.
/// </summary>
internal sealed class Owners(World world, Cluster cluster)
{
    private int _carried;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_held")]
    private static extern ref UseDelivery? Held(HoldUse use);

    /// <summary>Compares what lives with what is owned.</summary>
    public void Check()
    {
        foreach (var nodes in (ReadOnlySpan<DmzProcess?[]>)[cluster.Dmz, cluster.Leaving])
        {
            foreach (var node in nodes)
            {
                if (node is { Process.IsDead: false })
                {
                    Compare(node.Process, 1 + (node.Key?.Shape.Secrets ?? 0));
                }
            }
        }

        if (cluster.Agent is { Process.IsDead: false } agent && agent.Process == world.Last)
        {
            Compare(agent.Process, Of(agent));
        }

        if (cluster.Zone is { Process.LiveSecrets: not 0 } zone)
        {
            Compare(zone.Process, 0);
        }
    }

    private void Compare(Process process, int owned)
    {
        if (process.LiveSecrets != owned && process.LiveSecrets != owned + world.Oracle.Extra)
        {
            world.Oracle.Fail(
                "secret-without-owner", $"{process.Name} holds {process.LiveSecrets} buffers, and its actors and messages own {owned}");
        }
    }

    private int Of(AgentProcess agent)
    {
        _carried = Cells.Actor(Cells.Of(agent.Session)) is SessionActor { Shape.IsLive: true } ? 2 : 0;
        var credentials = Cells.Of(agent.Credentials);
        Cells.Waiting(credentials, See);
        foreach (var child in Cells.Children(credentials)?.Values ?? Enumerable.Empty<Cell>())
        {
            Cells.Waiting((Cell<HandOffMessage>)child, See);
        }

        var uses = Cells.Of(agent.Uses);
        Cells.Waiting(uses, See);
        foreach (var child in Cells.Children(uses)?.Values ?? Enumerable.Empty<Cell>())
        {
            var cell = (Cell<UseMessage>)child;
            Cells.Waiting(cell, See);
            if (Cells.Actor(cell) is HoldUse hold && Held(hold) is { } delivery)
            {
                _carried += Live(delivery);
            }
        }

        return _carried;
    }

    private void See(object? message) => _carried += message switch
    {
        CredentialsMessage.Take m => m.Deliveries.Sum(Live),
        HandOffMessage.Take m => m.Deliveries.Sum(Live),
        UsesMessage.Begin m => Live(m.Delivery),
        UseMessage.Begin m => Live(m.Delivery),
        _ => 0,
    };

    private static int Live(UseDelivery delivery)
    {
        var live = 0;
        foreach (var content in delivery.Contents)
        {
            live += content.Content.IsEmptied ? 0 : 1;
        }

        return live;
    }
}
