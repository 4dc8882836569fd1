using Broker.Actors;
using Broker.Agent.Link;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;

namespace Broker.Agent.Session;

/// <summary>What <c>/session</c> is told.</summary>
internal abstract record SessionMessage
{
    /// <summary>It is time to connect.</summary>
    internal sealed record Connect : SessionMessage;

    /// <summary>A link is there.</summary>
    internal sealed record Connected(AgentLink Link) : SessionMessage;

    /// <summary>A frame came over a link.</summary>
    internal sealed record Arrived(AgentLink Link, Frame Frame) : SessionMessage;

    /// <summary>No link came to be, or one has ended.</summary>
    internal sealed record Lost(AgentLink? Link, string Code) : SessionMessage;

    /// <summary>The owner has not sent its third message in time.</summary>
    internal sealed record HandshakeOverdue : SessionMessage;

    /// <summary>The session is as old as it may be.</summary>
    internal sealed record SessionOver : SessionMessage;

    /// <summary>The grant is to be renewed.</summary>
    internal sealed record RenewDue : SessionMessage;

    /// <summary>All uses of a hand-off have ended.</summary>
    internal sealed record HandOffEnded(Id16 HandOff, UseEnd How) : SessionMessage;

    /// <summary>Take nothing more, end what is in use, and answer when all of it is told.</summary>
    internal sealed record Drain(ReplyTo<bool> Done) : SessionMessage;

    /// <summary>How it stands.</summary>
    internal sealed record Ask(ReplyTo<SessionStatus> Reply) : SessionMessage;
}

/// <summary>How the session stands, for <c>broker-agent status</c>.</summary>
/// <param name="State"><c>connecting</c>, <c>waiting-for-owner</c> or <c>live</c>.</param>
/// <param name="Fence">The highest fence that was seen.</param>
/// <param name="InUse">Hand-offs in use.</param>
/// <param name="LastLoss">Why the last link was lost, or empty.</param>
internal sealed record SessionStatus(string State, ulong Fence, int InUse, string LastLoss);
