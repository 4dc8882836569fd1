using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Requests;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>Calls about launches and hand-offs.</summary>
internal sealed class LaunchCalls(GatewayContext gateway)
{
    private const ulong MaxWait = 60;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Owned("POST", "/v1/customers/{customer}/launches", json.SignedRequestModel, json.HandOffModel, 202,
            new About("Launch", "Hands credentials to an agent; answers when the intent is committed, or when it has ended",
                QueryAbout.Wait), Launch, Follow);
        calls.Owned("POST", "/v1/customers/{customer}/hand-offs/{id}/release", json.SignedRequestModel, json.HandOffModel, 202,
            new About("ReleaseHandOff", "Ends a use that an agent holds"), Release);
        calls.Get(
            "/v1/customers/{customer}/hand-offs", json.PageModelHandOffModel,
            new About("ListHandOffs", "Hand-offs of a customer", QueryAbout.After, QueryAbout.Limit) { NeedsToken = true }, List);
        calls.Get(
            "/v1/customers/{customer}/hand-offs/{id}", json.HandOffModel,
            new About("GetHandOff", "A hand-off, at once or when it has ended", QueryAbout.Wait) { NeedsToken = true }, Get);
    }

    private async Task<Result<HandOffModel>> Launch(HttpContext context, SignedRequestModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var wait = TimeSpan.FromSeconds(Calls.Query(context, "wait", 0, MaxWait));
        var signed = model.ToRequest();
        var order = LaunchOrder.Read(signed);
        var request = Statement.Read<Request>(signed.Statement.Span);
        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var started = await gateway.Requests.Ask<Broker.Dmz.Customers.Result<LaunchWaiters>>(
            reply => new RequestsMessage.Start(found, order, reply), GatewayContext.EffectTimeout, context.RequestAborted);
        if (started.Value is not { } waiters)
        {
            return started.ToRefused();
        }

        var progress = await waiters.WhenAccepted.WaitAsync(context.RequestAborted);
        if (progress.Value is not null && wait > TimeSpan.Zero)
        {
            var (node, aborted) = (gateway.Node, context.RequestAborted);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, node.Drain.Closing);
            try
            {
                progress = await waiters.WhenEnded.WaitAsync(wait, node.Time, either.Token);
            }
            catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !aborted.IsCancellationRequested))
            {
                // Still under way, and perhaps this node ends: the answer says so, and the caller follows it.
            }
        }

        await gateway.Audit(customer, signed, UserAction.Launch.Name, progress.Code);
        var now = gateway.Node.Time.GetUtcNow();
        return progress.Value is { } value
            ? new HandOffModel(
                order.HandOff.ToString(), order.Launch.Agent.Value, value.State, "", value.Code, value.Attempt,
                request.User.Value, now, now)
            : progress.ToRefused();
    }

    private async Task<Result<HandOffModel>> Release(HttpContext context, SignedRequestModel model)
    {
        var customer = Calls.RouteName(context, "customer");
        var request = model.ToRequest();
        if (Statement.Read<ReleasePayload>(request.Payload.Span).HandOff != HandOff(context))
        {
            throw new MalformedException("the path names something else than the signed request");
        }

        var refs = await gateway.Find(customer, context.RequestAborted);
        if (refs.Value is not { } found)
        {
            return refs.ToRefused();
        }

        var verified = await gateway.AskProven<VerifiedUser>(
            customer, [.. ChangeKeys.Users(request)], found.Key,
            (entries, head, reply) => new CustomerKeyMessage.EndUse(request, entries, head, reply), GatewayContext.EffectTimeout,
            context.RequestAborted);
        await gateway.Audit(customer, request, UserAction.Release.Name, verified.Code);
        return verified.Value is null ? verified.ToRefused() : await Find(customer, HandOff(context), context.RequestAborted);
    }

    private async Task<Result<HandOffModel>> Get(HttpContext context)
    {
        var customer = Calls.RouteName(context, "customer");
        if (await gateway.Authorize(context, customer) is { } refused)
        {
            return refused;
        }

        return await Follow(context, customer, HandOff(context), Calls.Query(context, "wait", 0, MaxWait));
    }

    /// <summary>A launch that another node owns is followed in the journal, where every owner writes its end.</summary>
    private Task<Result<HandOffModel>> Follow(HttpContext context, HandOffModel launched)
    {
        var wait = Calls.Query(context, "wait", 0, MaxWait);
        return wait <= OwnedCalls.MaxWait || HandOffState.EndsHandOff(launched.State) || !Id16.TryParse(launched.HandOff, out var id)
            ? Task.FromResult<Result<HandOffModel>>(launched)
            : Follow(context, Calls.RouteName(context, "customer"), id, wait - OwnedCalls.MaxWait);
    }

    private async Task<Result<HandOffModel>> Follow(HttpContext context, Name customer, Id16 handOff, ulong seconds)
    {
        var until = gateway.Node.Time.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        while (true)
        {
            var found = await Find(customer, handOff, context.RequestAborted);
            if (found.Value is not { } now || HandOffState.EndsHandOff(now.State) || gateway.Node.Time.GetUtcNow() >= until ||
                gateway.Node.Drain.Closing.IsCancellationRequested)
            {
                return found;
            }

            await Task.Delay(Poll, gateway.Node.Time, context.RequestAborted);
        }
    }

    private async Task<Result<PageModel<HandOffModel>>> List(HttpContext context)
    {
        var customer = Calls.RouteName(context, "customer");
        if (await gateway.Authorize(context, customer) is { } refused)
        {
            return refused;
        }

        var limit = Calls.Limit(context);
        var request = new Wire.ListHandOffsRequest { Customer = customer.Value, Limit = limit };
        if (Id16.TryParse(context.Request.Query["after"], out var after))
        {
            request.After = Google.Protobuf.ByteString.CopyFrom(after.ToArray());
        }

        var reply = await gateway.Node.Zone.ListHandOffsAsync(request, context.RequestAborted);
        var items = reply.HandOffs.Select(ToModel).ToList();
        return new PageModel<HandOffModel>(items, reply.More && items.Count > 0 ? items[^1].HandOff : null);
    }

    private async Task<Result<HandOffModel>> Find(Name customer, Id16 handOff, CancellationToken cancellation) =>
        ToModel(await gateway.Node.Zone.GetHandOffAsync(
            new Wire.GetHandOffRequest { Customer = customer.Value, HandOff = Google.Protobuf.ByteString.CopyFrom(handOff.ToArray()) },
            cancellation));

    private static Id16 HandOff(HttpContext context) =>
        Id16.TryParse((string?)context.GetRouteValue("id"), out var id) ? id : throw new MalformedException(
            "a hand-off is 32 hexadecimal digits");

    private static HandOffModel ToModel(Wire.HandOff handOff)
    {
        var request = Statement.Read<Request>(Statement.Read<SignedRequest>(handOff.Request.Span).Statement.Span);
        return new HandOffModel(
            new Id16(handOff.HandOff_.Span).ToString(), handOff.Agent, handOff.State, handOff.UseState, handOff.Code, handOff.Attempt,
            request.User.Value, DateTimeOffset.FromUnixTimeMilliseconds((long)handOff.ReleasedMs),
            DateTimeOffset.FromUnixTimeMilliseconds((long)handOff.UpdatedMs))
        {
            Replaces = handOff.Launch.IsEmpty ? "" : Statement.Read<HolderLaunch>(handOff.Launch.Span).Replaces.ToString(),
        };
    }
}
