using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Gateway;

/// <summary>
/// Maps calls of the gateway: the console's role is checked at each, bodies are bounded and strict, every failure becomes a
/// problem with a stable code, and nothing of an inner cause leaves.
/// </summary>
internal sealed partial class Calls(IEndpointRouteBuilder routes, ILogger log, Forwarder forwarder, OwnedCalls owned)
{
    /// <summary>Maps a call with a JSON body.</summary>
    public void Body<TBody, TReply>(
        string method, string pattern, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo, int status, About about,
        Func<HttpContext, TBody, Task<Result<TReply>>> handler)
        where TBody : class
        where TReply : class => Map(method, pattern, about, hasBody: true, async context =>
        {
            var body = await ReadBody(context, bodyInfo);
            await Reply(context, await handler(context, body), replyInfo, status);
        }).Accepts<TBody>("application/json").Produces<TReply>(status);

    /// <summary>Maps a call that only the customer's owner can answer: taken by any node, it is answered by that one.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="pattern">The path; it names the customer.</param>
    /// <param name="bodyInfo">Reads and writes the body.</param>
    /// <param name="replyInfo">Reads and writes the reply.</param>
    /// <param name="status">Of success.</param>
    /// <param name="about">Describes the call; its operation is what the owner knows it by.</param>
    /// <param name="handler">Answers where this node is the one to answer.</param>
    /// <param name="follow">Goes on from another node's reply; null where that is the end of it.</param>
    public void Owned<TBody, TReply>(
        string method, string pattern, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo, int status, About about,
        Func<HttpContext, TBody, Task<Result<TReply>>> handler, Func<HttpContext, TReply, Task<Result<TReply>>>? follow = null)
        where TBody : class
        where TReply : class
    {
        owned.Add(about.Operation, bodyInfo, replyInfo, handler);
        Body(method, pattern, bodyInfo, replyInfo, status, about, async (context, body) =>
        {
            if (await forwarder.Call(context, about.Operation, body, bodyInfo, replyInfo) is not { } answer)
            {
                return await handler(context, body);
            }

            return answer.Value is { } reply && follow is not null ? await follow(context, reply) : answer;
        });
    }

    /// <summary>
    /// Maps a call without a body that the customer's owner answers best, and where it does not, this node for itself.
    /// </summary>
    /// <param name="pattern">The path; it names the customer.</param>
    /// <param name="replyInfo">Reads and writes the reply.</param>
    /// <param name="about">Describes the call.</param>
    /// <param name="isHere">Whether this node is the one that was asked.</param>
    /// <param name="isOwners">Whether what the other node says is an owner's word.</param>
    /// <param name="handler">Answers.</param>
    public void OwnersWord<TReply>(
        string pattern, JsonTypeInfo<TReply> replyInfo, About about, Func<HttpContext, bool> isHere, Func<TReply, bool> isOwners,
        Func<HttpContext, Task<Result<TReply>>> handler)
        where TReply : class
    {
        owned.Add(about.Operation, replyInfo, handler);
        Get(pattern, replyInfo, about, async context =>
            !isHere(context) && await forwarder.Call(context, about.Operation, replyInfo) is { Value: { } reply } && isOwners(reply)
                ? reply
                : await handler(context));
    }

    /// <summary>Maps a call that goes on with what was begun on one node, which need not be the owner: an enrolment, an unlock.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="pattern">The path; it names the customer.</param>
    /// <param name="bodyInfo">Reads and writes the body.</param>
    /// <param name="replyInfo">Reads and writes the reply.</param>
    /// <param name="about">Describes the call; its operation is what the other node knows it by.</param>
    /// <param name="handler">Answers where this node is the one to answer.</param>
    public void Begun<TBody, TReply>(
        string method, string pattern, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo, About about,
        Func<HttpContext, TBody, Task<Result<TReply>>> handler)
        where TBody : class
        where TReply : class
    {
        owned.Add(about.Operation, bodyInfo, replyInfo, handler);
        Body(method, pattern, bodyInfo, replyInfo, StatusCodes.Status200OK, about, async (context, body) =>
            await forwarder.CallWhereBegun(context, about.Operation, body, bodyInfo, replyInfo) is { } answer
                ? answer
                : await handler(context, body));
    }

    /// <summary>Maps a call without a body.</summary>
    public void Get<TReply>(
        string pattern, JsonTypeInfo<TReply> replyInfo, About about, Func<HttpContext, Task<Result<TReply>>> handler)
        where TReply : class => Map(
            "GET", pattern, about, hasBody: false,
            async context => await Reply(context, await handler(context), replyInfo, StatusCodes.Status200OK)).Produces<TReply>();

    /// <summary>The identifier in the path.</summary>
    /// <exception cref="MalformedException">It is none.</exception>
    public static Name RouteName(HttpContext context, string parameter) => Name.Parse((string)context.GetRouteValue(parameter)!);

    /// <summary>The number of a query parameter, within bounds.</summary>
    /// <exception cref="MalformedException">It is no number or out of bounds.</exception>
    public static ulong Query(HttpContext context, string parameter, ulong fallback, ulong max)
    {
        var text = (string?)context.Request.Query[parameter];
        return string.IsNullOrEmpty(text) ? fallback
            : ulong.TryParse(text, out var value) && value <= max ? value
            : throw new MalformedException($"{parameter} is not a number from 0 to {max}");
    }

    /// <summary>The most items of a page that the caller asks for, 1 to 1000.</summary>
    /// <exception cref="MalformedException">It is no number or out of bounds.</exception>
    public static uint Limit(HttpContext context) => Query(context, "limit", 100, 1000) is var limit and > 0
        ? (uint)limit
        : throw new MalformedException("limit is not a number from 1 to 1000");

    private RouteHandlerBuilder Map(string method, string pattern, About about, bool hasBody, Func<HttpContext, Task> handler)
    {
        var call = Map(method, pattern, handler).WithMetadata(about).WithSummary(about.Summary);
        foreach (var status in ApiDocument.ProblemsOf(about, hasBody))
        {
            call.Produces<ProblemModel>(status, ApiRoutes.ProblemType);
        }

        return call;
    }

    private RouteHandlerBuilder Map(string method, string pattern, Func<HttpContext, Task> handler) =>
        routes.MapMethods(pattern, [method], (Delegate)(async (HttpContext context) =>
        {
            if (context.RefuseUnless(LinkRole.Console) is { } refusal)
            {
                await Problems.Write(context, new Refused(refusal.Code(), "this call is for consoles"));
                return;
            }

            try
            {
                await handler(context);
            }
            catch (Exception problem) when (ToRefusal(problem) is { } refused && !context.Response.HasStarted)
            {
                await Problems.Write(context, refused);
            }
            catch (Exception problem) when (problem is not OperationCanceledException && !context.Response.HasStarted)
            {
                Log.Failed(log, problem, pattern, context.TraceIdentifier);
                await Problems.Write(
                    context, new Refused(Codes.Internal, "the call failed; the node's log has the cause under this correlation"));
            }
        }));

    /// <summary>What a call that failed so is told; null where nobody foresaw it.</summary>
    public static Refused? ToRefusal(Exception problem) => problem switch
    {
        MalformedException p => new Refused(Codes.Malformed, p.Message),
        JsonException => new Refused(Codes.Malformed, "the body is not the JSON of this call"),
        BadHttpRequestException p => new Refused(
            p.StatusCode == StatusCodes.Status413PayloadTooLarge ? Codes.UploadTooLarge : Codes.Malformed,
            "the body is too large or broken"),
        ZoneRefusedException p => new Refused(p.Code, p.Detail),
        ZoneUnavailableException => new Refused(Codes.ZoneUnavailable, "the credential zone cannot be reached; nothing was changed"),
        ZoneUnknownOutcomeException => new Refused(
            Codes.OutcomeUnknown, "the zone's answer was lost; send the same request again, it is not done twice"),
        AskTimeoutException => new Refused(Codes.TimedOut, "the customer's key did not answer in time; the change may still happen"),
        ActorBusyException => new Refused(Codes.Busy, "the customer's key has too much to do; try again"),
        ActorStoppedException => new Refused(Codes.Busy, "the node is stopping; try another"),
        _ => null,
    };

    private static async Task<TBody> ReadBody<TBody>(HttpContext context, JsonTypeInfo<TBody> info)
        where TBody : class
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new MalformedException("the body has to be application/json");
        }

        return await JsonSerializer.DeserializeAsync(context.Request.BodyReader, info, context.RequestAborted)
            ?? throw new MalformedException("the body is null");
    }

    private static Task Reply<TReply>(HttpContext context, Result<TReply> result, JsonTypeInfo<TReply> info, int status)
        where TReply : class
    {
        if (result.Value is not { } value)
        {
            return Problems.Write(context, result.ToRefused());
        }

        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, info, contentType: "application/json", context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(2401, LogLevel.Error, "call {Pattern} failed, correlation {Correlation}")]
        public static partial void Failed(ILogger log, Exception problem, string pattern, string correlation);
    }
}
