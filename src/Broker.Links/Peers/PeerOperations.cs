using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Wire.Peer;
using Google.Protobuf;

namespace Broker.Links.Peers;

/// <summary>The closed set of operations of the link between nodes of the DMZ, with the bounds of their bodies.</summary>
public static class PeerOperations
{
    /// <summary>Begins the path of every operation.</summary>
    public const string Prefix = "/peer/v1/";

    private const int Small = 64 * 1024;
    private const int MaxForwardReply = 256 * 1024;

#pragma warning disable CS1591 // each is described beside its messages in peer.proto
    public static readonly ZoneOperation<DescribeRequest, DescribeReply> Describe =
        Make("describe", DescribeRequest.Parser, DescribeReply.Parser, readOnly: true) with { AnyVersion = true };

    public static readonly ZoneOperation<DrawTicketRequest, DrawTicketReply> DrawTicket =
        Make("draw-ticket", DrawTicketRequest.Parser, DrawTicketReply.Parser);

    public static readonly ZoneOperation<TransferRequest, TransferReply> Transfer =
        Make("transfer", TransferRequest.Parser, TransferReply.Parser);

    public static readonly ZoneOperation<TakeOverRequest, TakeOverReply> TakeOver =
        Make("take-over", TakeOverRequest.Parser, TakeOverReply.Parser);

    public static readonly ZoneOperation<WipeRequest, WipeReply> Wipe =
        Make("wipe", WipeRequest.Parser, WipeReply.Parser);

    public static readonly ZoneOperation<ForwardRequest, ForwardReply> Forward = new(
        "forward", ForwardRequest.Parser, ForwardReply.Parser, ApiRoutes.MaxBody + Small, MaxForwardReply, ReadOnly: false, Prefix);

    public static readonly ZoneOperation<HoldingsRequest, HoldingsReply> Holdings =
        Make("holdings", HoldingsRequest.Parser, HoldingsReply.Parser, readOnly: true);

    public static readonly ZoneOperation<HoldRequest, HoldReply> Hold =
        Make("hold", HoldRequest.Parser, HoldReply.Parser);
#pragma warning restore CS1591

    private static ZoneOperation<TRequest, TReply> Make<TRequest, TReply>(
        string name, MessageParser<TRequest> request, MessageParser<TReply> reply, bool readOnly = false)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => new(name, request, reply, Small, Small, readOnly, Prefix);
}
