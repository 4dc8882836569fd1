using Broker.Actors;
using Broker.Agent.Uses;
using Broker.Links.Agents;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;

namespace Broker.Agent.Session;

/// <summary>What <c>/session</c> is told.</summary>
internal abstract record SessionMessage
{
    /// <summary>It is time to connect.</summary>
    internal sealed record Connect : SessionMessage;

    /// <summary>A link is there.</summary>
    internal sealed record Connected(IFrameLink Link) : SessionMessage;

    /// <summary>A frame came over a link.</summary>
    internal sealed record Arrived(IFrameLink Link, Frame Frame) : SessionMessage;

    /// <summary>No link came to be, or one has ended.</summary>
    internal sealed record Lost(IFrameLink? Link, string Code) : SessionMessage;

    /// <summary>The owner has not sent its third message in time.</summary>
    internal sealed record HandshakeOverdue : SessionMessage;

    /// <summary>The session is as old as it may be.</summary>
    internal sealed record SessionOver : SessionMessage;

    /// <summary>The grant is to be renewed.</summary>
    internal sealed record RenewDue : SessionMessage;

    /// <summary>The status file may be written again.</summary>
    internal sealed record StatusDue : SessionMessage;

    /// <summary>All uses of a hand-off have ended.</summary>
    internal sealed record HandOffEnded(Id16 HandOff, UseEnd How) : SessionMessage;

    /// <summary>Take nothing more, end what is in use, and answer when all of it is told.</summary>
    internal sealed record Drain(ReplyTo<bool> Done) : SessionMessage;
}
