using Broker.Actors;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>
/// How a key actor has agents brought to it. It only says so: nothing waits for an answer, and only time is lost where nobody listens.
/// </summary>
internal sealed class AgentSummons
{
    private volatile ActorRef<AgentsMessage>? _agents;

    /// <summary>Who brings them.</summary>
    public void Attach(ActorRef<AgentsMessage> agents) => _agents = agents;

    /// <summary>This node owns the customer: its agents, wherever connected, begin their sessions.</summary>
    public void Owned(Name customer) => _agents?.Tell(new AgentsMessage.Owned(customer));

    /// <summary>A launch named an agent that has no session here.</summary>
    public void Missing(Name customer, Name agent) => _agents?.Tell(new AgentsMessage.Missing(customer, agent));
}
