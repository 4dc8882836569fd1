using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Dmz.Customers;
using Broker.Dmz.Gateway;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Forwarding;

/// <summary>
/// Takes a console's call to the node that owns its customer. It carries: the users' signatures are verified by the owner's key actor,
/// and a request that was sent twice is not done twice. One hop: who gets a forwarded call answers it.
/// </summary>
internal sealed partial class Forwarder(DmzContext node)
{
    private const int PerCustomer = 256;
    private const int Together = 2048;
    private const int MaxCode = 64;
    private const int MaxDetail = 500;

    private readonly InFlight _underWay = new(PerCustomer, Together);

    /// <summary>Calls that are with other nodes now.</summary>
    public long UnderWay => _underWay.Count;

    /// <summary>Has the owner answer a call.</summary>
    /// <returns>The owner's answer; null where this node is the one to answer.</returns>
    /// <exception cref="ZoneException">Who owns the customer is not known, and the zone does not say it.</exception>
    public Task<Result<TReply>?> Call<TBody, TReply>(
        HttpContext context, string operation, TBody body, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo)
        where TReply : class => Carry(
            Request(context, operation, JsonSerializer.SerializeToUtf8Bytes(body, bodyInfo)), reply => Read(reply, replyInfo),
            context.RequestAborted);

    /// <summary>As the other, of a call that has no body.</summary>
    public Task<Result<TReply>?> Call<TReply>(HttpContext context, string operation, JsonTypeInfo<TReply> replyInfo)
        where TReply : class => Carry(Request(context, operation, []), reply => Read(reply, replyInfo), context.RequestAborted);

    /// <summary>Has the owner answer a call of whatever form.</summary>
    /// <param name="request">The call.</param>
    /// <param name="read">Reads a reply that is no refusal.</param>
    /// <param name="cancellation">The caller has gone.</param>
    /// <returns>As for <see cref="Call{TBody,TReply}"/>.</returns>
    /// <exception cref="ZoneException">As for <see cref="Call{TBody,TReply}"/>.</exception>
    public async Task<Result<TReply>?> Carry<TReply>(
        Wire.ForwardRequest request, Func<Wire.ForwardReply, Result<TReply>> read, CancellationToken cancellation)
        where TReply : class
    {
        var customer = Name.Parse(request.Customer);
        if (node.Peers.Others.Count == 0 || node.Held.Find(customer) is { IsServedHere: true })
        {
            return null;
        }

        var owner = await node.Owners.Find(customer, cancellation);
        if (owner?.Node == node.Node)
        {
            // It was this node when that was looked up, and is not now.
            owner = await node.Owners.Refresh(customer, cancellation);
        }

        if (Way(owner) is not { } way)
        {
            return null;
        }

        var answer = await Send(way, request, read, cancellation);
        if (answer.Code is not { } code || !MayHaveMoved(code))
        {
            return answer;
        }

        // Once: where the zone names another owner now, that one is asked, and its word is the last. Where the answer was lost too: what
        // was done is not done twice.
        var now = await node.Owners.Refresh(customer, cancellation, isShared: code == TransferCodes.OwnerUnreachable);
        if (now == owner)
        {
            return answer;
        }

        if (Way(now) is not { } next)
        {
            return null;
        }

        return await Send(next, request, read, cancellation);
    }

    private static Wire.ForwardRequest Request(HttpContext context, string operation, byte[] body) => new()
    {
        Call = operation,
        Customer = Calls.RouteName(context, "customer").Value,
        Subject = (string?)(context.GetRouteValue("name") ?? context.GetRouteValue("id")) ?? "",
        Wait = (uint)Math.Min(Calls.Query(context, "wait", 0, 60), OwnedCalls.MaxWait),
        Body = UnsafeByteOperations.UnsafeWrap(body),
        Console = context.Peer()!.Name.Value,
    };

    private PeerCaller? Way(CustomerOwner? owner) =>
        owner is null || owner.Node == node.Node ? null : node.Peers.Find(owner.Node);

    private static bool MayHaveMoved(string code) => code is TransferCodes.NotOwner or TransferCodes.OwnerUnreachable or
        Codes.CustomerLocked or Codes.CustomerUnknown or Codes.FenceStale or Codes.OutcomeUnknown;

    private async Task<Result<TReply>> Send<TReply>(
        PeerCaller way, Wire.ForwardRequest request, Func<Wire.ForwardReply, Result<TReply>> read, CancellationToken cancellation)
        where TReply : class
    {
        if (node.Owners.IsSilent(way.Node))
        {
            return Unreachable(way);
        }

        var customer = Name.Parse(request.Customer);
        if (!_underWay.TryEnter(customer))
        {
            return new Refused(Codes.Busy, "too many calls are with the customer's owner already; try again");
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, node.Owners.UntilSilent(way.Node));
        try
        {
            var reply = await way.ForwardAsync(request, either.Token);
            return reply.Code.Length > 0 ? Refusal(reply) : read(reply);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Lost;
        }
        catch (ZoneRefusedException refused)
        {
            return new Refused(refused.Code, refused.Detail);
        }
        catch (ZoneUnavailableException busy) when (busy.Code == Codes.Busy)
        {
            return new Refused(Codes.Busy, "the customer's owner has too much to do; try again");
        }
        catch (ZoneUnavailableException)
        {
            return Unreachable(way);
        }
        catch (ZoneUnknownOutcomeException)
        {
            return Lost;
        }
        finally
        {
            _underWay.Leave(customer);
        }
    }

    private static Refused Refusal(Wire.ForwardReply reply) =>
        reply.Code.Length <= MaxCode && reply.Code.All(static c => c is '-' or (>= 'a' and <= 'z') or (>= '0' and <= '9'))
            ? new Refused(reply.Code, string.Concat(reply.Detail.Take(MaxDetail).Select(static c => c is >= ' ' and <= '~' ? c : '?')))
            : Lost;

    /// <summary>
    /// The owner's answer in the form that the call has; whatever is none was not an answer. One of the next version may tell more.
    /// </summary>
    private static Result<TReply> Read<TReply>(Wire.ForwardReply reply, JsonTypeInfo<TReply> replyInfo)
        where TReply : class
    {
        try
        {
            return JsonSerializer.Deserialize(reply.Body.Span, ApiJson.Lenient(replyInfo)) is { } value ? value : Lost;
        }
        catch (JsonException)
        {
            return Lost;
        }
    }

    private static Refused Unreachable(PeerCaller way) => new(
        TransferCodes.OwnerUnreachable, $"node {way.Node}, which owns the customer, cannot be reached; nothing was done, try again");

    /// <summary>What is told of an answer that was none.</summary>
    public static Refused Lost { get; } = new(
        Codes.OutcomeUnknown, "the owner's answer was lost; send the same request again, it is not done twice");
}
