using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Node;

namespace Broker.Dmz.Draining;

/// <summary>
/// Sends the agents of a node that leaves to other nodes, one after the other at the rate at which those begin sessions: each stays
/// connected until it is its turn.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="agents">The sessions of links that it holds.</param>
/// <param name="connected">Who is connected.</param>
/// <param name="perSecond">Sessions that a node begins in a second.</param>
internal sealed class AgentRelease(DmzContext node, ActorRef<AgentsMessage> agents, ConnectedAgents connected, int perSecond)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    /// <summary>Releases them all.</summary>
    /// <param name="atMost">The longest that it may take; where the rate would take longer, it is exceeded.</param>
    /// <param name="budget">Gives up: what is connected then is cut.</param>
    /// <returns>Links that are left.</returns>
    public async Task<int> Run(TimeSpan atMost, CancellationToken budget)
    {
        var begun = node.Time.GetTimestamp();
        var each = Math.Max(perSecond * Step.TotalSeconds, connected.Count / Math.Max(1, atMost / Step));
        var due = 0.0;
        while (connected.Count > 0 && node.Time.GetElapsedTime(begun) < atMost + Step + Step)
        {
            due += each;
            var now = (int)due;
            due -= now;
            if (now > 0)
            {
                agents.TryTell(new AgentsMessage.LetGo(now));
            }

            await Task.Delay(Step, node.Time, budget);
        }

        return connected.Count;
    }
}
