using Broker.Links.Zone;
using Broker.Protocol.Wire.Peer;
using Google.Protobuf;

namespace Broker.Links.Peers;

/// <summary>
/// The closed set of operations by which one node of the DMZ carries another's agent sessions, with the bounds of their bodies.
/// </summary>
public static class AgentRelayOperations
{
    /// <summary>Bytes of one frame of an agent at most: what agents say is short, what they are sent may be an envelope.</summary>
    public const int MaxFrameUp = 16 * 1024;

    /// <summary>Bytes of the frames of one call from the holder to the owner at most.</summary>
    public const int MaxUp = 60 * 1024;

    /// <summary>Frames of one call at most.</summary>
    public const int MaxFrames = 64;

    /// <summary>Bytes of the frames of one call from the owner to the holder at most.</summary>
    public const int MaxDown = Agents.FrameSocket.MaxFrameBytes;

    /// <summary>Relays, or customers, that one call names at most.</summary>
    public const int MaxNamed = 1000;

    private const int Small = 64 * 1024;
    private const int Overhead = 1024;

#pragma warning disable CS1591 // each is described beside its messages in peer.proto
    public static readonly ZoneOperation<OpenAgentRequest, OpenAgentReply> Open =
        Make("agent-open", OpenAgentRequest.Parser, OpenAgentReply.Parser);

    public static readonly ZoneOperation<CarryFramesRequest, CarryFramesReply> Up =
        Make("agent-up", CarryFramesRequest.Parser, CarryFramesReply.Parser);

    public static readonly ZoneOperation<CarryFramesRequest, CarryFramesReply> Down =
        Make("agent-down", CarryFramesRequest.Parser, CarryFramesReply.Parser, MaxDown + Overhead);

    public static readonly ZoneOperation<CloseAgentRequest, CloseAgentReply> Close =
        Make("agent-close", CloseAgentRequest.Parser, CloseAgentReply.Parser);

    public static readonly ZoneOperation<CheckAgentsRequest, CheckAgentsReply> Check =
        Make("agent-check", CheckAgentsRequest.Parser, CheckAgentsReply.Parser);

    public static readonly ZoneOperation<CallAgentsRequest, CallAgentsReply> Call =
        Make("agent-call", CallAgentsRequest.Parser, CallAgentsReply.Parser);

    public static readonly ZoneOperation<FindAgentRequest, FindAgentReply> Find =
        Make("agent-find", FindAgentRequest.Parser, FindAgentReply.Parser, readOnly: true);
#pragma warning restore CS1591

    private static ZoneOperation<TRequest, TReply> Make<TRequest, TReply>(
        string name, MessageParser<TRequest> request, MessageParser<TReply> reply, int maxRequest = Small, bool readOnly = false)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => new(name, request, reply, maxRequest, Small, readOnly, PeerOperations.Prefix);
}
