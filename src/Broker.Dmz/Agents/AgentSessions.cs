using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>The actor of one link.</summary>
internal sealed record SessionRef(ActorRef<AgentSessionMessage> Session);

/// <summary>What <c>/agents</c> understands.</summary>
internal abstract record AgentsMessage
{
    private AgentsMessage()
    {
    }

    /// <summary>An agent has connected, or a node that holds its link asks for its session.</summary>
    public sealed record Open(Name Customer, Name Agent, CustomerRefs Refs, IAgentLink Link, ReplyTo<Result<SessionRef>> ReplyTo)
        : AgentsMessage;

    /// <summary>A session's actor has ended.</summary>
    public sealed record Over(Name Customer, ActorRef<AgentSessionMessage> Session) : AgentsMessage;

    /// <summary>Send so many agents to other nodes.</summary>
    public sealed record LetGo(int Count) : AgentsMessage;

    /// <summary>This node owns the customer from now on.</summary>
    public sealed record Owned(Name Customer) : AgentsMessage;

    /// <summary>A launch named an agent that has no session here.</summary>
    public sealed record Missing(Name Customer, Name Agent) : AgentsMessage;

    /// <summary>Where the agent is connected, as far as anybody knows.</summary>
    public sealed record Found(Name Customer, Name? Node) : AgentsMessage;

    /// <summary>Another node says that it owns these customers.</summary>
    public sealed record Called(IReadOnlyList<Name> Customers) : AgentsMessage;

    /// <summary>Ask the zone who owns the customers of which that was said.</summary>
    public sealed record Look : AgentsMessage;

    /// <summary>What the zone says.</summary>
    public sealed record Looked(Name Customer, Name? Owner) : AgentsMessage;

    /// <summary>Tell the peers what this node owns.</summary>
    public sealed record Call : AgentsMessage;

    /// <summary>They were told, or not.</summary>
    public sealed record Told : AgentsMessage;
}

/// <summary>
/// Supervises the sessions of links that this node holds, or the stand-ins for agents that others hold. One that fails is stopped, which
/// closes its link: the agent connects again.
/// </summary>
internal sealed partial class AgentSessions : Actor<AgentsMessage>
{
    /// <summary>A rate that nothing reaches.</summary>
    internal const int Unpaced = 1_000_000;

    // Frames that were read and not handled, that were sealed and not sent, calls of an owner elsewhere: each has a bound of its own, so
    // that no direction takes the other's place. See FrameWindow.
    private const int SessionMailbox = 1024;

    private readonly AgentRouting _routing;
    private readonly int _capacity;
    private readonly bool _standIns;
    private readonly Dictionary<Name, HashSet<ActorRef<AgentSessionMessage>>> _sessions = [];
    private readonly HashSet<ActorRef<AgentSessionMessage>> _letGo = [];
    private ulong _opened;

    public AgentSessions(AgentRouting routing, int capacity, bool standIns = false) =>
        (_routing, _capacity, _standIns) = (routing, capacity, standIns);

    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override ValueTask PreStart()
    {
        if (!_standIns)
        {
            _routing.Node.Summons.Attach(Context.Self);
        }

        return ValueTask.CompletedTask;
    }

    protected override ValueTask Receive(AgentsMessage message)
    {
        switch (message)
        {
            case AgentsMessage.Open m:
                m.ReplyTo.Tell(Open(m));
                break;
            case AgentsMessage.LetGo m:
                LetGo(m.Count);
                break;
            case AgentsMessage.Over m:
                if (_sessions.TryGetValue(m.Customer, out var others) && others.Remove(m.Session) && others.Count == 0)
                {
                    _sessions.Remove(m.Customer);
                }

                break;
            default:
                if (!OnCall(message))
                {
                    Context.Unhandled(message);
                }

                break;
        }

        return ValueTask.CompletedTask;
    }

    private void LetGo(int count)
    {
        foreach (var session in _sessions.Values.SelectMany(static s => s).Where(s => !_letGo.Contains(s)).Take(count).ToList())
        {
            _letGo.Add(session);
            session.TryTell(new AgentSessionMessage.LetGo());
        }
    }

    private Result<SessionRef> Open(AgentsMessage.Open message)
    {
        // Stand-ins have been counted for their holder.
        if (!_standIns && Context.Children.Count >= _capacity)
        {
            return new Refused(Codes.Busy, "this node holds as many agents as it may");
        }

        _opened++;
        var session = Context.Spawn(
            Props<AgentSessionMessage>.Of(() => new AgentSession(_routing, message.Customer, message.Agent, message.Refs, message.Link))
                .WithMailbox(SessionMailbox),
            $"{message.Customer}.{message.Agent}.{_opened}");
        if (!_sessions.TryGetValue(message.Customer, out var others))
        {
            _sessions[message.Customer] = others = [];
        }

        others.Add(session);
        Context.WatchWith(session, new AgentsMessage.Over(message.Customer, session));
        return new SessionRef(session);
    }
}
