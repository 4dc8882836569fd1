using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Agents;

/// <summary>The actor of one link.</summary>
internal sealed record SessionRef(ActorRef<AgentSessionMessage> Session);

/// <summary>What <c>/agents</c> understands.</summary>
internal abstract record AgentsMessage
{
    private AgentsMessage()
    {
    }

    /// <summary>An agent has connected.</summary>
    public sealed record Open(Name Customer, Name Agent, CustomerRefs Refs, IAgentLink Link, ReplyTo<Result<SessionRef>> ReplyTo)
        : AgentsMessage;
}

/// <summary>Supervises the sessions. One that fails is stopped, which closes its link: the agent connects again.</summary>
internal sealed class AgentSessions(DmzContext node, int capacity, ILogger log) : Actor<AgentsMessage>
{
    // The key actor answers at most one envelope of 5 MiB a message, so this bounds what a slow agent can hold.
    private const int SessionMailbox = 256;

    private ulong _opened;

    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override ValueTask Receive(AgentsMessage message)
    {
        if (message is AgentsMessage.Open open)
        {
            open.ReplyTo.Tell(Open(open));
        }
        else
        {
            Context.Unhandled(message);
        }

        return ValueTask.CompletedTask;
    }

    private Result<SessionRef> Open(AgentsMessage.Open message)
    {
        if (Context.Children.Count >= capacity)
        {
            return new Refused(Codes.Busy, "this node holds as many agents as it may");
        }

        _opened++;
        var session = Context.Spawn(
            Props<AgentSessionMessage>.Of(() => new AgentSession(node, message.Customer, message.Agent, message.Refs, message.Link, log))
                .WithMailbox(SessionMailbox),
            $"{message.Customer}.{message.Agent}.{_opened}");
        return new SessionRef(session);
    }
}
