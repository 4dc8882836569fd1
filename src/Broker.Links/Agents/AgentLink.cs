using System.Net.WebSockets;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Links.Versions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Broker.Links.Agents;

/// <summary>
/// Opens and accepts agent links: <c>wss://…/v1/link</c>, mutual TLS, with pings that find a dead end within half a minute.
/// </summary>
public static class AgentLink
{
    /// <summary>The path of the link.</summary>
    public const string Path = "/v1/link";

    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Connects an agent.</summary>
    /// <param name="address">The DMZ node, <c>https://host:port</c>.</param>
    /// <param name="key">The agent's certificate, with its issuer.</param>
    /// <param name="server">Who must answer: role <c>dmz</c>.</param>
    /// <param name="time">Measures deadlines.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LinkConnectException">No connection, the server's identity was refused, or its version is too far away.</exception>
    public static async Task<FrameSocket> ConnectAsync(
        Uri address, InstallationKey key, LinkServer server, TimeProvider time, CancellationToken cancellationToken)
    {
        var invoker = LinkHttpClient.CreateForWebSocket(key, server);
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = PingInterval;
        socket.Options.KeepAliveTimeout = PingTimeout;
        socket.Options.SetRequestHeader(LinkVersion.Header, LinkVersion.Text);
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            var uri = new UriBuilder(address) { Scheme = Uri.UriSchemeWss, Path = Path }.Uri;
            await socket.ConnectAsync(uri, invoker, cancellationToken).ConfigureAwait(false);
            var version = LinkVersion.Read(
                socket.HttpResponseHeaders?.TryGetValue(LinkVersion.Header, out var said) == true ? string.Join(',', said) : null);
            socket.HttpResponseHeaders = null;
            return LinkVersion.IsNear(version)
                ? new FrameSocket(socket, time, invoker) { Version = version }
                : throw new LinkConnectException(
                    $"{LinkVersion.TooFar}: the broker speaks version {version} of the link and this agent {LinkVersion.Current}; " +
                    "upgrade by one version at a time", null, null);
        }
        catch (Exception e)
        {
            socket.Dispose();
            invoker.Dispose();
            throw e switch
            {
                _ when LinkConnectException.In(e) is { } connect => connect,
                WebSocketException => new LinkConnectException("the server did not accept the agent link", null, e),
                _ => e,
            };
        }
    }

    /// <summary>Accepts agent links. The application must use WebSockets: <see cref="UseAgentLink"/>.</summary>
    /// <param name="endpoints">Where it is mapped; only peers of role <c>agent</c> reach it.</param>
    /// <param name="time">Measures deadlines.</param>
    /// <param name="handler">Serves one link; the link ends when it returns. Its token ends when the connection is lost, and when
    /// the application stops: a server waits for the requests that it serves, and a link would be one that never ends.</param>
    public static IEndpointConventionBuilder MapAgentLink(
        this IEndpointRouteBuilder endpoints, TimeProvider time, Func<PeerIdentity, FrameSocket, CancellationToken, Task> handler)
    {
        var stopping = endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var refused = new RefusedVersions(
            endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AgentLink)), time);
        return endpoints.MapGet(Path, (RequestDelegate)(async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
                return;
            }

            context.Response.Headers[LinkVersion.Header] = LinkVersion.Text;
            var version = LinkVersion.Read(context.Request.Headers[LinkVersion.Header]);
            using var socket =
                new FrameSocket(await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false), time) { Version = version };
            if (!LinkVersion.IsNear(version))
            {
                refused.Add(context.Peer()!, version);
                await socket.CloseAsync(LinkVersion.TooFar).ConfigureAwait(false);
                return;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            await handler(context.Peer()!, socket, either.Token).ConfigureAwait(false);
        })).RequireRole(LinkRole.Agent);
    }

    /// <summary>Lets the application accept WebSockets, with this link's pings.</summary>
    public static IApplicationBuilder UseAgentLink(this IApplicationBuilder application) =>
        application.UseWebSockets(new WebSocketOptions { KeepAliveInterval = PingInterval, KeepAliveTimeout = PingTimeout });
}
