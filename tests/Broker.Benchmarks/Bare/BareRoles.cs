using System.Collections.Concurrent;
using System.CommandLine;
using System.Net;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Benchmarks.Bare;

/// <summary>
/// The bare chain: the hops of a hand-off with the same TLS, the same listeners and clients and frames of the same sizes, but
/// with nothing done in them, other than one fsynced append where the zone has one.
/// </summary>
internal static class BareRoles
{
    // Sizes seen on the real links for one credential of 40 bytes: release request and reply, envelope, acknowledgement, outcome.
    private const int ReleaseReply = 5500;
    private const int Envelope = 900;
    private const int Outcome = 400;

    private static readonly Option<string> Root = new("--root") { Required = true };
    private static readonly Option<string> Certificate = new("--certificate") { Required = true };
    private static readonly Option<string> Key = new("--key") { Required = true };
    private static readonly Option<int> Port = new("--port");
    private static readonly Option<int> AgentPort = new("--agent-port");
    private static readonly Option<int> ZonePort = new("--zone-port");
    private static readonly Option<string> Log = new("--log");

    public static Command Zone()
    {
        var command = new Command("bare-zone") { Root, Certificate, Key, Port, Log };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var key = Load(parsed);
            using var log = new AppendLog(parsed.GetRequiredValue(Log));
            await using var web = Web(
                k => k.ListenLink(Listener("zone", parsed.GetValue(Port), LinkRole.Dmz), key, Refused(), HttpProtocols.Http2));
            web.UseRouting();
            web.MapPost("/append/{reply:int}", async (HttpContext context, int reply) =>
            {
                await log.AppendAsync(await ReadAsync(context));
                await context.Response.Body.WriteAsync(new byte[reply], context.RequestAborted);
            });
            await RunAsync(web, cancellation);
        });
        return command;
    }

    public static Command Dmz()
    {
        var command = new Command("bare-dmz") { Root, Certificate, Key, Port, AgentPort, ZonePort };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var key = Load(parsed);
            var zoneAddress = new Uri($"https://127.0.0.1:{parsed.GetValue(ZonePort)}");
            using var zone = LinkHttpClient.Create(key, new LinkServer(LinkRole.Zone), zoneAddress);
            var waiting = new ConcurrentDictionary<long, TaskCompletionSource>();
            var next = 0L;
            FrameSocket? agent = null;
            using var wire = new SemaphoreSlim(1, 1);
            await using var web = Web(k =>
            {
                k.ListenLink(Listener("console", parsed.GetValue(Port), LinkRole.Console), key, Refused(), HttpProtocols.Http1AndHttp2);
                k.ListenLink(Listener("agents", parsed.GetValue(AgentPort), LinkRole.Agent), key, Refused(), HttpProtocols.Http1);
            });
            web.UseAgentLink();
            web.UseRouting();
            web.MapAgentLink(TimeProvider.System, async (peer, socket, token) =>
            {
                agent = socket;
                while (await socket.ReceiveAsync(token) is { } frame)
                {
                    var id = BitConverter.ToInt64(frame.SealedMessage.Header.Span);
                    if (waiting.TryRemove(id, out var acknowledged))
                    {
                        acknowledged.SetResult();
                    }
                    else
                    {
                        // The end of the use: nobody waits for it, and it is appended all the same.
                        _ = PostAsync(zone, new byte[Outcome], 100, CancellationToken.None);
                    }
                }
            });
            web.MapPost("/launch", async context =>
            {
                var body = await ReadAsync(context);
                await PostAsync(zone, body, ReleaseReply, context.RequestAborted);
                var id = Interlocked.Increment(ref next);
                var done = waiting[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await wire.WaitAsync(context.RequestAborted);
                try
                {
                    await agent!.SendAsync(Message(id, Envelope), context.RequestAborted);
                }
                finally
                {
                    wire.Release();
                }

                await done.Task;
                await PostAsync(zone, new byte[Outcome], 100, context.RequestAborted);
                await context.Response.Body.WriteAsync(new byte[300], context.RequestAborted);
            });
            web.MapPost("/put", async context =>
            {
                var body = await ReadAsync(context);
                await PostAsync(zone, new byte[400], ReleaseReply, context.RequestAborted);
                await PostAsync(zone, body, 500, context.RequestAborted);
                await context.Response.Body.WriteAsync(new byte[300], context.RequestAborted);
            });
            await RunAsync(web, cancellation);
        });
        return command;
    }

    public static Command Agent()
    {
        var command = new Command("bare-agent") { Root, Certificate, Key, AgentPort };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var key = Load(parsed);
            using var socket = await AgentLink.ConnectAsync(
                new Uri($"https://127.0.0.1:{parsed.GetValue(AgentPort)}"), key, new LinkServer(LinkRole.Dmz), TimeProvider.System,
                cancellation);
            await Console.Out.WriteLineAsync("ready");
            while (await socket.ReceiveAsync(cancellation) is { } frame)
            {
                var id = BitConverter.ToInt64(frame.SealedMessage.Header.Span);
                await socket.SendAsync(Message(id, Outcome), cancellation);
                await socket.SendAsync(Message(id, Outcome), cancellation);
            }
        });
        return command;
    }

    private static Frame Message(long id, int size)
    {
        var header = new byte[size / 2];
        BitConverter.TryWriteBytes(header, id);
        return new Frame
        {
            SealedMessage = new SealedMessage
            {
                Header = UnsafeByteOperations.UnsafeWrap(header),
                Random = ByteString.CopyFrom(new byte[16]),
                Commitment = ByteString.CopyFrom(new byte[32]),
                Ciphertext = UnsafeByteOperations.UnsafeWrap(new byte[size / 2]),
            },
        };
    }

    private static async Task PostAsync(HttpClient zone, byte[] body, int reply, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await zone.PostAsync(new Uri($"/append/{reply}", UriKind.Relative), content, cancellation);
        await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellation);
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    private static InstallationKey Load(ParseResult parsed) => InstallationKey.Load(
        parsed.GetRequiredValue(Certificate), parsed.GetRequiredValue(Key), LinkTrust.Load(parsed.GetRequiredValue(Root)));

    private static LinkListener Listener(string name, int port, LinkRole role) => new(name, new IPEndPoint(IPAddress.Loopback, port), role);

    private static RefusedHandshakes Refused() => new(NullLogger<RefusedHandshakes>.Instance, TimeProvider.System);

    private static WebApplication Web(Action<KestrelServerOptions> listen)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "bare" });
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(listen);
        return builder.Build();
    }

    private static async Task RunAsync(WebApplication web, CancellationToken cancellation)
    {
        await web.StartAsync(cancellation);
        await Console.Out.WriteLineAsync("ready");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation).ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
