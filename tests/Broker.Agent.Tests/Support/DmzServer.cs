using System.Net;
using System.Net.WebSockets;
using System.Threading.Channels;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Agent.Tests.Support;

/// <summary>A DMZ node's listener for agents, or for enrolment: real TLS on loopback.</summary>
internal sealed class DmzServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<AcceptedLink> _links;
    private readonly CancellationTokenSource _over;

    private DmzServer(WebApplication app, Channel<AcceptedLink> links, CancellationTokenSource over)
    {
        _app = app;
        _links = links;
        _over = over;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    internal Uri Address { get; }

    internal static Task<DmzServer> ForAgentsAsync(InstallationKey key)
    {
        var links = Channel.CreateUnbounded<AcceptedLink>();
        var over = new CancellationTokenSource();
        return StartAsync(
            links, over, (kestrel, refused) => kestrel.ListenLink(Listener(LinkRole.Agent), key, refused, HttpProtocols.Http1), app =>
        {
            app.UseAgentLink();
            app.UseRouting();
            app.MapAgentLink(new SteadyTime(), async (_, socket, _) =>
            {
                // The test has the socket; the connection lasts until one of both ends it.
                var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await links.Writer.WriteAsync(new AcceptedLink(socket, ended), CancellationToken.None);
                await using var stopped = over.Token.Register(() => ended.TrySetResult());
                await ended.Task;
            });
        });
    }

    /// <summary>As a node that sends the bytes of a frame as they are, whole, and then waits for what the agent says to them.</summary>
    internal static Task<DmzServer> ForBytesAsync(InstallationKey key, byte[] frame, TaskCompletionSource<byte[]> said) => StartAsync(
        Channel.CreateUnbounded<AcceptedLink>(), new CancellationTokenSource(),
        (kestrel, refused) => kestrel.ListenLink(Listener(LinkRole.Agent), key, refused, HttpProtocols.Http1), app =>
        {
            app.UseAgentLink();
            app.UseRouting();
            app.MapFallback(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
                var answer = new byte[4096];
                var received = await socket.ReceiveAsync(answer.AsMemory(), CancellationToken.None);
                said.TrySetResult(answer[..received.Count]);
            });
        });

    internal static Task<DmzServer> ForEnrolmentAsync(InstallationKey key, Action<WebApplication> map) => StartAsync(
        Channel.CreateUnbounded<AcceptedLink>(), new CancellationTokenSource(),
        (kestrel, refused) => kestrel.ListenEnrolment(Listener(), key, refused),
        app =>
        {
            app.UseRouting();
            map(app);
        });

    /// <summary>The next link that an agent opens.</summary>
    internal async Task<AcceptedLink> NextLinkAsync() => await Eventually.Within(_links.Reader.ReadAsync().AsTask(), "a link");

    /// <summary>Ends every link, and each that comes at once.</summary>
    internal Task EndLinksAsync() => _over.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await EndLinksAsync();
        await _app.DisposeAsync();
        _over.Dispose();
    }

    private static LinkListener Listener(params LinkRole[] roles) =>
        new("test", new IPEndPoint(IPAddress.Loopback, 0), roles) { HandshakeTimeout = Patience.Limit };

    private static async Task<DmzServer> StartAsync(
        Channel<AcceptedLink> links, CancellationTokenSource over, Action<KestrelServerOptions, RefusedHandshakes> listen,
        Action<WebApplication> map)
    {
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, TimeProvider.System);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => listen(kestrel, refused));
        var app = builder.Build();
        map(app);
#pragma warning disable ASP0014 // An empty builder adds no endpoint middleware of its own.
        app.UseEndpoints(static _ => { });
#pragma warning restore ASP0014
        await app.StartAsync();
        return new DmzServer(app, links, over);
    }
}

/// <summary>A link that an agent opened, and how to end its connection.</summary>
internal sealed record AcceptedLink(FrameSocket Socket, TaskCompletionSource Ended);
