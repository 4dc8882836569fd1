using Google.Protobuf;

namespace Broker.Links.Zone;

/// <summary>
/// One operation of the zone link, <c>POST /zone/v1/{name}</c>, or of the peer link, as client and server both know it.
/// </summary>
/// <typeparam name="TRequest">The request's message.</typeparam>
/// <typeparam name="TReply">The reply's message.</typeparam>
/// <param name="Name">The last part of the path.</param>
/// <param name="RequestParser">Reads requests.</param>
/// <param name="ReplyParser">Reads replies.</param>
/// <param name="MaxRequestBytes">Larger requests are refused unread.</param>
/// <param name="MaxReplyBytes">Larger replies are not read to their end.</param>
/// <param name="ReadOnly">Changes nothing in the zone, so it may be asked again of another node and its outcome is never unknown.</param>
/// <param name="Prefix">Begins the path: what a link's operations have in common.</param>
/// <param name="Repeatable">Done twice it has the effect of once, and the same answer: it is sent to another node where one owes that. Its
/// outcome may be unknown all the same.</param>
/// <param name="AnyVersion">Is answered to whoever asks: what both ends learn of each other's version by.</param>
public sealed record ZoneOperation<TRequest, TReply>(
    string Name,
    MessageParser<TRequest> RequestParser,
    MessageParser<TReply> ReplyParser,
    int MaxRequestBytes,
    int MaxReplyBytes,
    bool ReadOnly,
    string Prefix = ZoneOperations.Prefix,
    bool Repeatable = false,
    bool AnyVersion = false)
    where TRequest : IMessage<TRequest>, new()
    where TReply : IMessage<TReply>, new()
{
    /// <summary>The path of the operation.</summary>
    public string Path { get; } = Prefix + Name;
}
