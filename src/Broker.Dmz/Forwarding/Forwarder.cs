using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Dmz.Customers;
using Broker.Dmz.Gateway;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
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
internal sealed class Forwarder(DmzContext node)
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
    public async Task<Result<TReply>?> Call<TBody, TReply>(
        HttpContext context, string operation, TBody body, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo)
        where TReply : class
    {
        var customer = Calls.RouteName(context, "customer");
        if (node.Peers.Others.Count == 0 || node.Held.Find(customer) is { IsServedHere: true })
        {
            return null;
        }

        var owner = await node.Owners.Find(customer, context.RequestAborted);
        if (owner?.Node == node.Node)
        {
            // It was this node when that was looked up, and is not now.
            owner = await node.Owners.Refresh(customer, context.RequestAborted);
        }

        if (Way(owner) is not { } way)
        {
            return null;
        }

        var request = new Wire.ForwardRequest
        {
            Call = operation,
            Customer = customer.Value,
            Subject = (string?)(context.GetRouteValue("name") ?? context.GetRouteValue("id")) ?? "",
            Wait = (uint)Math.Min(Calls.Query(context, "wait", 0, 60), OwnedCalls.MaxWait),
            Body = UnsafeByteOperations.UnsafeWrap(JsonSerializer.SerializeToUtf8Bytes(body, bodyInfo)),
            Console = context.Peer()!.Name.Value,
        };
        var answer = await Send(way, request, replyInfo, context.RequestAborted);
        if (answer.Code is not { } code || !MayHaveMoved(code))
        {
            return answer;
        }

        // Once: where the zone names another owner now, that one is asked, and its word is the last. Where the answer was lost too: what
        // was done is not done twice.
        var now = await node.Owners.Refresh(customer, context.RequestAborted, isShared: code == TransferCodes.OwnerUnreachable);
        if (now == owner)
        {
            return answer;
        }

        if (Way(now) is not { } next)
        {
            return null;
        }

        return await Send(next, request, replyInfo, context.RequestAborted);
    }

    private PeerCaller? Way(CustomerOwner? owner) =>
        owner is null || owner.Node == node.Node ? null : node.Peers.Find(owner.Node);

    private static bool MayHaveMoved(string code) => code is TransferCodes.NotOwner or TransferCodes.OwnerUnreachable or
        Codes.CustomerLocked or Codes.CustomerUnknown or Codes.FenceStale or Codes.OutcomeUnknown;

    private async Task<Result<TReply>> Send<TReply>(
        PeerCaller way, Wire.ForwardRequest request, JsonTypeInfo<TReply> replyInfo, CancellationToken cancellation)
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
            return Read(await way.ForwardAsync(request, either.Token), replyInfo);
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

    /// <summary>The owner's answer in the form that the call has; whatever is none was not an answer.</summary>
    private static Result<TReply> Read<TReply>(Wire.ForwardReply reply, JsonTypeInfo<TReply> replyInfo)
        where TReply : class
    {
        if (reply.Code.Length > 0)
        {
            return reply.Code.Length <= MaxCode && reply.Code.All(static c => c is '-' or (>= 'a' and <= 'z') or (>= '0' and <= '9'))
                ? new Refused(reply.Code, string.Concat(reply.Detail.Take(MaxDetail).Select(static c => c is >= ' ' and <= '~' ? c : '?')))
                : Lost;
        }

        try
        {
            return JsonSerializer.Deserialize(reply.Body.Span, replyInfo) is { } value ? value : Lost;
        }
        catch (JsonException)
        {
            return Lost;
        }
    }

    private static Refused Unreachable(PeerCaller way) => new(
        TransferCodes.OwnerUnreachable, $"node {way.Node}, which owns the customer, cannot be reached; nothing was done, try again");

    private static Refused Lost { get; } = new(
        Codes.OutcomeUnknown, "the owner's answer was lost; send the same request again, it is not done twice");
}
