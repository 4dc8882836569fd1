using System.Net.WebSockets;
using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Agent.Link;

/// <summary>Opens links to the DMZ nodes of a fixed list, each attempt to the next one, over mutual TLS 1.3 with the role <c>dmz</c> verified.</summary>
/// <param name="addresses">At least one, <c>host:port</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="connectTimeout">For connecting, the handshake and the upgrade together.</param>
/// <param name="sendTimeout">For one frame.</param>
internal sealed class LinkDialer(IReadOnlyList<string> addresses, TimeProvider time, TimeSpan connectTimeout, TimeSpan sendTimeout)
{
    private const string Path = "/v1/agent";
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private int _next;

    /// <summary>Opens a link.</summary>
    /// <param name="key">The agent's certificate.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LinkLostException">No link came to be.</exception>
    internal async Task<AgentLink> ConnectAsync(InstallationKey key, CancellationToken cancellation)
    {
        var address = addresses[_next++ % addresses.Count];
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = KeepAlive;
        socket.Options.KeepAliveTimeout = KeepAlive;
        using var late = new CancellationTokenSource(connectTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        // The invoker owns the connection until the upgrade, and the socket afterwards.
        using var client = LinkHttpClient.CreateForWebSocket(key, new LinkServer(LinkRole.Dmz) { ConnectTimeout = connectTimeout });
        try
        {
            await socket.ConnectAsync(new Uri($"wss://{address}{Path}"), client, over.Token).ConfigureAwait(false);
            return new AgentLink(socket, time, sendTimeout);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or HttpRequestException or IOException)
        {
            socket.Dispose();
            throw new LinkLostException(LinkConnectException.In(e)?.Refusal?.Code() ?? "not-connected", e);
        }
    }
}
