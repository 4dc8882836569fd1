using System.Net.Security;
using System.Security.Authentication;
using Broker.Links.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Broker.Links.Tls;

/// <summary>
/// Adds the listeners of the links to Kestrel: TLS 1.3 only, identities read once in the handshake and kept with the connection.
/// </summary>
public static class KestrelLinks
{
    /// <summary>
    /// Adds a listener with mutual TLS for some roles. Its requests carry the peer's <see cref="PeerIdentity"/> as a feature.
    /// </summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="listener">Where and for whom.</param>
    /// <param name="key">This node's certificate and the root.</param>
    /// <param name="refused">Where refusals are counted.</param>
    /// <param name="protocols">HTTP/2 for links between nodes; also HTTP/1.1 where WebSockets or other people's clients come.</param>
    public static void ListenLink(
        this KestrelServerOptions kestrel, LinkListener listener, InstallationKey key, RefusedHandshakes refused, HttpProtocols protocols)
    {
        if (listener.Roles.Length == 0 || listener.Roles.Any(static r => !r.IsPeer()))
            throw new ArgumentException("a listener needs at least one role, and roles that can be peers", nameof(listener));
        var trust = key.Trust;
        var policy = trust.ChainPolicy(peerIsClient: true);
        Listen(kestrel, listener, refused, protocols, (connection, handshake) => new SslServerAuthenticationOptions
        {
            ClientCertificateRequired = true,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, _, chain, _) =>
            {
                if (!trust.TryIdentify(chain, out var peer, out var refusal))
                {
                    handshake.Refusal = refusal;
                    return false;
                }

                if (!listener.Roles.Contains(peer.Role))
                {
                    handshake.Refusal = LinkRefusal.WrongRole;
                    return false;
                }

                connection.Features.Set(peer);
                return true;
            },
        }, key);
    }

    /// <summary>
    /// Adds the agents' enrolment listener: the server alone is authenticated, its requests carry no identity, and every endpoint that
    /// requires a role refuses them.
    /// </summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="listener">Where; without roles.</param>
    /// <param name="key">This node's certificate.</param>
    /// <param name="refused">Where refusals are counted.</param>
    public static void ListenEnrolment(
        this KestrelServerOptions kestrel, LinkListener listener, InstallationKey key, RefusedHandshakes refused)
    {
        if (listener.Roles.Length != 0)
            throw new ArgumentException("the enrolment listener knows no roles", nameof(listener));
        Listen(kestrel, listener, refused, HttpProtocols.Http1, static (_, _) => new SslServerAuthenticationOptions(), key);
    }

    private static void Listen(
        KestrelServerOptions kestrel,
        LinkListener listener,
        RefusedHandshakes refused,
        HttpProtocols protocols,
        Func<ConnectionContext, HandshakeGate.Handshake, SslServerAuthenticationOptions> options,
        InstallationKey key)
    {
        var gate = new HandshakeGate(listener, refused);
        kestrel.Listen(listener.EndPoint, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(next => connection => gate.BeforeAsync(connection, next));
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = listener.HandshakeTimeout,
                OnConnection = context =>
                {
                    var handshake = context.Connection.Features.Get<HandshakeGate.Handshake>()!;
                    if (!context.ClientHelloInfo.SslProtocols.HasFlag(SslProtocols.Tls13))
                        handshake.Refusal = LinkRefusal.TlsVersion;
                    var tls = options(context.Connection, handshake);
                    tls.ServerCertificateContext = key.Context;
                    tls.EnabledSslProtocols = SslProtocols.Tls13;
                    // A resumed session does not show the intermediate again, and identity is to be read from certificates each time.
                    tls.AllowTlsResume = false;
                    tls.AllowRenegotiation = false;
                    tls.ApplicationProtocols = Alpn(protocols);
                    return ValueTask.FromResult(tls);
                },
            });
            listen.Use(next => connection => HandshakeGate.AfterAsync(connection, next));
        });
    }

    private static List<SslApplicationProtocol> Alpn(HttpProtocols protocols)
    {
        var list = new List<SslApplicationProtocol>(2);
        if (protocols.HasFlag(HttpProtocols.Http2))
            list.Add(SslApplicationProtocol.Http2);
        if (protocols.HasFlag(HttpProtocols.Http1))
            list.Add(SslApplicationProtocol.Http11);
        return list;
    }
}
