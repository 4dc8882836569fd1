using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;
using SealedMessage = Broker.Secrets.SealedMessage;

namespace Broker.Dmz.Agents;

/// <summary>What the actor of a connected agent understands.</summary>
internal abstract record AgentSessionMessage
{
    private AgentSessionMessage()
    {
    }

    /// <summary>Try to begin a session with the key owner.</summary>
    public sealed record Begin : AgentSessionMessage;

    /// <summary>A frame of the agent.</summary>
    public sealed record Received(Frame Frame) : AgentSessionMessage;

    /// <summary>A sealed message of the key owner, to be sent in this order.</summary>
    public sealed record Send(Id16 Link, SealedMessage Message) : AgentSessionMessage;

    /// <summary>The key owner ended the session: locked, or another link took over.</summary>
    public sealed record Ended(Id16 Link, string Code) : AgentSessionMessage;
}
