using System.Buffers;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Links.Versions;
using Broker.Protocol.Encoding;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Zone;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Links.Zone;

/// <summary>
/// The server's half of the zone link: reads a bounded request, checks the role, calls the handler, writes reply or problem.
/// </summary>
public static partial class ZoneEndpoints
{
    /// <summary>Maps one operation. Only peers of role <c>dmz</c> reach the handler.</summary>
    /// <param name="endpoints">Where it is mapped.</param>
    /// <param name="operation">Which, of <see cref="ZoneOperations"/>.</param>
    /// <param name="handler">
    /// Gets who asks, what, and a token that ends with the request. A <see cref="MalformedException"/> of it is answered as a refusal and
    /// so must come before any effect; every other exception is told to the caller as an unknown outcome.
    /// </param>
    public static IEndpointConventionBuilder MapZoneOperation<TRequest, TReply>(
        this IEndpointRouteBuilder endpoints,
        ZoneOperation<TRequest, TReply> operation,
        Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> handler)
        where TRequest : IMessage<TRequest>, new()
        where TReply : class, IMessage<TReply>, new()
    {
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ZoneEndpoints));
        var versions = new RefusedVersions(logger, endpoints.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System);
        return endpoints.MapPost(
            operation.Path, (RequestDelegate)(context => ServeAsync(context, operation, handler, versions, logger)));
    }

    private static async Task ServeAsync<TRequest, TReply>(
        HttpContext context,
        ZoneOperation<TRequest, TReply> operation,
        Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> handler,
        RefusedVersions versions,
        ILogger logger)
        where TRequest : IMessage<TRequest>, new()
        where TReply : class, IMessage<TReply>, new()
    {
        context.Response.Headers[LinkVersion.Header] = LinkVersion.Text;
        if (context.RefuseUnless(LinkRole.Dmz) is { } refusal)
        {
            await WriteAsync(context, 403, new Problem { Code = refusal.Code(), Detail = "only nodes of the dmz may ask" })
                .ConfigureAwait(false);
            return;
        }

        // Before the body is read: nothing of it may mean what it seems to.
        if (LinkVersion.Read(context.Request.Headers[LinkVersion.Header]) is var version && !LinkVersion.IsNear(version))
        {
            versions.Add(context.Peer()!, version);
            if (!operation.AnyVersion)
            {
                await WriteAsync(context, 409, new Problem { Code = LinkVersion.TooFar, Detail = LinkVersion.Advice(version) })
                    .ConfigureAwait(false);
                return;
            }
        }

        try
        {
            var (request, problem) = await ReadAsync(context, operation).ConfigureAwait(false);
            if (request is null)
            {
                await WriteAsync(context, problem!.Status, problem.ToProblem()).ConfigureAwait(false);
                return;
            }

            var answer = await handler(context.Peer()!, request, context.RequestAborted).ConfigureAwait(false);
            if (answer.Reply is { } reply)
                await WriteAsync(context, 200, reply).ConfigureAwait(false);
            else
                await WriteAsync(context, answer.Refusal!.Status, answer.Refusal.ToProblem()).ConfigureAwait(false);
        }
        catch (MalformedException e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, 400, new Problem { Code = "malformed", Detail = e.Message }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            LogGone(logger, operation.Name);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            LogFailed(logger, operation.Name, e);
            var unknown = new Problem { Code = "failed", Detail = "the zone's log says why", UnknownOutcome = true };
            await WriteAsync(context, 500, unknown).ConfigureAwait(false);
        }
    }

    private static async Task<(TRequest? Request, ZoneRefusal? Problem)> ReadAsync<TRequest, TReply>(
        HttpContext context, ZoneOperation<TRequest, TReply> operation)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        if (context.Request.ContentType != ZoneOperations.MediaType)
            return (default, new ZoneRefusal(415, "wrong-media-type", "send " + ZoneOperations.MediaType));
        var tooLarge = new ZoneRefusal(413, "too-large", $"a {operation.Name} request has at most {operation.MaxRequestBytes} bytes");
        if (context.Request.ContentLength > operation.MaxRequestBytes)
            return (default, tooLarge);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = operation.MaxRequestBytes + 1;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            if (result.Buffer.Length > operation.MaxRequestBytes)
                return (default, tooLarge);
            if (!result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var request = Parse(operation.RequestParser, result.Buffer);
            reader.AdvanceTo(result.Buffer.End);
            return (request, request is null ? new ZoneRefusal(400, "malformed", "the body is not the operation's message") : null);
        }
    }

    private static TRequest? Parse<TRequest>(MessageParser<TRequest> parser, ReadOnlySequence<byte> body)
        where TRequest : IMessage<TRequest>, new()
    {
        try
        {
            return WireReader.Read(parser, body);
        }
        catch (MalformedException)
        {
            return default;
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, IMessage message)
    {
        var size = message.CalculateSize();
        context.Response.StatusCode = status;
        context.Response.ContentType = ZoneOperations.MediaType;
        context.Response.ContentLength = size;
        var writer = context.Response.BodyWriter;
        // In one span: protobuf begins on a writer with an empty advance, which Kestrel's writers refuse.
        message.WriteTo(writer.GetMemory(size).Span[..size]);
        writer.Advance(size);
        await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    [LoggerMessage(1101, LogLevel.Error, "zone operation {Operation} failed; its caller was told that the outcome is unknown")]
    private static partial void LogFailed(ILogger logger, string operation, Exception exception);

    [LoggerMessage(1102, LogLevel.Information, "the caller of zone operation {Operation} went away before the answer")]
    private static partial void LogGone(ILogger logger, string operation);
}
