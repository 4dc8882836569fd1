using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Dmz.Customers;
using Broker.Dmz.Gateway;
using Broker.Links.Identity;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Forwarding;

/// <summary>
/// The closed list of calls that only a customer's owner can answer, as they are answered for another node. The handlers are those of the
/// gateway behind its forwarding, so what came over the peer link cannot be passed on.
/// </summary>
internal sealed class OwnedCalls
{
    /// <summary>The longest that a call may wait for the end of a hand-off at the other end, in seconds.</summary>
    public const uint MaxWait = 10;

    private readonly Dictionary<string, Func<HttpContext, ReadOnlyMemory<byte>, Task<Wire.ForwardReply>>> _calls = [];

    /// <summary>Enters a call, while the gateway is mapped.</summary>
    public void Add<TBody, TReply>(
        string operation, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo,
        Func<HttpContext, TBody, Task<Result<TReply>>> handler)
        where TBody : class
        where TReply : class => _calls.Add(operation, async (context, json) =>
        {
            // Of the next version it may have members that this one does not know; what counts in it is signed.
            var body = JsonSerializer.Deserialize(json.Span, ApiJson.Lenient(bodyInfo)) ??
                throw new MalformedException("the body is null");
            return Answer(await handler(context, body), replyInfo);
        });

    /// <summary>Enters a call that has no body.</summary>
    public void Add<TReply>(string operation, JsonTypeInfo<TReply> replyInfo, Func<HttpContext, Task<Result<TReply>>> handler)
        where TReply : class => _calls.Add(operation, async (context, _) => Answer(await handler(context), replyInfo));

    /// <summary>Enters a call whose body and reply are no JSON.</summary>
    public void Add(string operation, Func<ReadOnlyMemory<byte>, CancellationToken, Task<Result<byte[]>>> handler) =>
        _calls.Add(operation, async (context, body) =>
        {
            var result = await handler(body, context.RequestAborted);
            return result.Value is { } value
                ? new Wire.ForwardReply { Body = UnsafeByteOperations.UnsafeWrap(value) }
                : Refusal(result.ToRefused());
        });

    /// <summary>The operations that are answered for other nodes.</summary>
    public IReadOnlyCollection<string> Operations => _calls.Keys;

    /// <summary>Answers a call that another node took.</summary>
    /// <param name="peer">The node.</param>
    /// <param name="request">What it forwards.</param>
    /// <param name="cancellation">The other end has gone.</param>
    /// <exception cref="MalformedException">It is none of these calls; nothing was done.</exception>
    public async Task<Wire.ForwardReply> Answer(PeerIdentity peer, Wire.ForwardRequest request, CancellationToken cancellation)
    {
        if (!_calls.TryGetValue(request.Call, out var call) || request.Wait > MaxWait || request.Subject.Length > Name.MaxLength)
        {
            throw new MalformedException("no call of that name is forwarded, or it is not of its form");
        }

        try
        {
            return await call(Context(peer, request, cancellation), request.Body.Memory);
        }
        catch (Exception problem) when (Calls.ToRefusal(problem) is { } refused)
        {
            return Refusal(refused);
        }
    }

    private static Wire.ForwardReply Answer<TReply>(Result<TReply> result, JsonTypeInfo<TReply> replyInfo)
        where TReply : class => result.Value is { } value
            ? new Wire.ForwardReply { Body = UnsafeByteOperations.UnsafeWrap(JsonSerializer.SerializeToUtf8Bytes(value, replyInfo)) }
            : Refusal(result.ToRefused());

    private static DefaultHttpContext Context(PeerIdentity peer, Wire.ForwardRequest request, CancellationToken cancellation)
    {
        var context = new DefaultHttpContext { RequestAborted = cancellation };
        context.Request.RouteValues["customer"] = request.Customer;
        context.Request.RouteValues["name"] = request.Subject;
        context.Request.RouteValues["id"] = request.Subject;
        context.Request.QueryString = new QueryString($"?wait={request.Wait}");
        // Named for budgets and records; what it may do is what its users signed, so the key beside the name is nobody's authority.
        context.Features.Set(new PeerIdentity(LinkRole.Console, Name.Parse(request.Console), null, MayEnrol: false, peer.Key));
        return context;
    }

    private static Wire.ForwardReply Refusal(Refused refused) => new() { Code = refused.Code, Detail = refused.Detail };
}
