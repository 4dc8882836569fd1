using System.Net;
using System.Net.Security;
using Broker.Links.Identity;

namespace Broker.Links.Tls;

/// <summary>Makes HTTP clients of the links: mutual TLS 1.3, the server's role and name verified, proxies and redirects off.</summary>
public static class LinkHttpClient
{
    /// <summary>A client for one server or several of one role, over HTTP/2 with as many connections as the streams need.</summary>
    /// <param name="key">This process's certificate.</param>
    /// <param name="server">Who must answer.</param>
    /// <param name="address">Base address, <c>https://host:port</c>; null when each request names its own.</param>
    /// <param name="lost">Told, on a thread of the network, when the other end has ended a connection; null where nobody is.</param>
    public static HttpClient Create(InstallationKey key, LinkServer server, Uri? address = null, Action? lost = null) =>
        new(CreateHandler(key, server, SslApplicationProtocol.Http2, lost))
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            // Deadlines are the callers': one client carries calls of milliseconds and streams of hours.
            Timeout = Timeout.InfiniteTimeSpan,
        };

    /// <summary>
    /// What <see cref="System.Net.WebSockets.ClientWebSocket.ConnectAsync(Uri, HttpMessageInvoker, CancellationToken)"/> takes: the same
    /// TLS under HTTP/1.1.
    /// </summary>
    /// <param name="key">This process's certificate.</param>
    /// <param name="server">Who must answer.</param>
    public static HttpMessageInvoker CreateForWebSocket(InstallationKey key, LinkServer server) =>
        new(CreateHandler(key, server, SslApplicationProtocol.Http11));

    /// <summary>
    /// The one call of enrolment: this side shows no certificate, the server is verified against the root that the token pins.
    /// </summary>
    /// <param name="trust">The root, after its fingerprint was compared with the token's.</param>
    /// <param name="server">Who must answer.</param>
    /// <param name="address">Base address.</param>
    public static HttpClient CreateForEnrolment(LinkTrust trust, LinkServer server, Uri address) =>
        new(Handler(new LinkConnector(key: null, trust, server, SslApplicationProtocol.Http11), server))
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };

    private static SocketsHttpHandler CreateHandler(
        InstallationKey key, LinkServer server, SslApplicationProtocol protocol, Action? lost = null) =>
        Handler(new LinkConnector(key, key.Trust, server, protocol, lost), server);

    private static SocketsHttpHandler Handler(LinkConnector connector, LinkServer server) => new()
    {
        ConnectCallback = connector.ConnectAsync,
        ConnectTimeout = server.ConnectTimeout,
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(15),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 16,
        // What a process traces of itself is no other zone's business.
        ActivityHeadersPropagator = null,
    };
}
