using Broker.Actors;
using Broker.Dmz.Customers;
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

    /// <summary>It is the session's turn to begin here, or it has waited long enough for it.</summary>
    public sealed record Greet : AgentSessionMessage;

    /// <summary>A frame of the agent, with its place in the window of what was read and is not handled.</summary>
    public sealed record Received(Frame Frame, FrameCredit? Credit = null) : AgentSessionMessage, IDisposable
    {
        public void Dispose() => Credit?.Dispose();
    }

    /// <summary>A sealed message of the key owner, to be sent in this order, with its place in the window of what is not sent.</summary>
    public sealed record Send(Id16 Link, SealedMessage Message, FrameCredit? Credit = null) : AgentSessionMessage, IDisposable
    {
        public void Dispose() => Credit?.Dispose();
    }

    /// <summary>The key owner ended the session: locked, or another link took over.</summary>
    public sealed record Ended(Id16 Link, string Code) : AgentSessionMessage;

    /// <summary>What was being sent has been taken.</summary>
    public sealed record Sent : AgentSessionMessage;

    /// <summary>The link is lost.</summary>
    public sealed record NotSent(string Cause) : AgentSessionMessage;

    /// <summary>Hand frames again to a key actor that was busy.</summary>
    public sealed record HandAgain : AgentSessionMessage;

    /// <summary>The zone says that this node owns the customer.</summary>
    public sealed record OwnerIs(Name Node) : AgentSessionMessage;

    /// <summary>The node leaves: the agent goes to another.</summary>
    public sealed record LetGo : AgentSessionMessage;

    /// <summary>No session came to be in time.</summary>
    public sealed record Overdue : AgentSessionMessage;

    /// <summary>The owner stands in for the agent from now on, or says when to ask again.</summary>
    public sealed record RelayOpened(Id16 Relay, TimeSpan After) : AgentSessionMessage;

    /// <summary>A relay ended, or did not come to be.</summary>
    /// <param name="Relay">Which.</param>
    /// <param name="Code">Why.</param>
    /// <param name="Again">Whether the owner is to be looked for again; else the link ends with the code.</param>
    /// <param name="IsKnown">Whether the owner knows that it ended.</param>
    public sealed record RelayOver(Id16 Relay, string Code, bool Again, bool IsKnown) : AgentSessionMessage;

    /// <summary>The owner took what was carried, or was too busy to.</summary>
    public sealed record CarriedUp(Id16 Relay, bool Busy) : AgentSessionMessage;

    /// <summary>Frames of the owner, for the agent.</summary>
    public sealed record Carry(Id16 Relay, IReadOnlyList<Frame> Frames, ReplyTo<Result<Carried>> ReplyTo) : AgentSessionMessage;
}

/// <summary>Frames are with the agent's link.</summary>
internal sealed record Carried
{
    public static Carried Whole { get; } = new();
}
