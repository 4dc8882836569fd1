using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Broker.Links.Identity;

namespace Broker.Links.Tls;

/// <summary>
/// Opens one TLS 1.3 connection and verifies who answers. One place for all clients, so that each failure keeps its code.
/// </summary>
/// <param name="key">This process's certificate; null for the one call of enrolment, which shows none.</param>
/// <param name="trust">The root that the server must belong to.</param>
/// <param name="server">Who must answer.</param>
/// <param name="protocol">The one application protocol that is offered.</param>
/// <param name="lost">Told of each connection that the server's side ended; may be null.</param>
internal sealed class LinkConnector(
    InstallationKey? key, LinkTrust trust, LinkServer server, SslApplicationProtocol protocol, Action? lost = null)
{
    /// <summary>
    /// Signature of <see cref="SocketsHttpHandler.ConnectCallback"/>; the handler adds no TLS of its own to an <see cref="SslStream"/>.
    /// </summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(context.DnsEndPoint, server.From, cancellationToken).ConfigureAwait(false);
        var tls = new SslStream(lost is null ? connection : new WatchedStream(connection, lost));
        LinkRefusal? refused = null;
        try
        {
            await tls.AuthenticateAsClientAsync(Options(context.DnsEndPoint.Host, r => refused = r), cancellationToken)
                .ConfigureAwait(false);
            if (tls.NegotiatedApplicationProtocol != protocol)
                throw new LinkConnectException(
                    $"the server does not speak {protocol}; is this the address of another listener?", null, null);
            return tls;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw e as LinkConnectException ?? new LinkConnectException(
                refused is { } r ? $"the server's identity was refused: {r.Code()}" : "the TLS handshake failed", refused, e);
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<NetworkStream> OpenAsync(DnsEndPoint endPoint, IPAddress? from, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            var error = await ConnectAsync(socket, endPoint, cancellationToken).ConfigureAwait(false);
            return error == SocketError.Success
                ? new NetworkStream(socket, ownsSocket: true)
                : throw new LinkConnectException("no connection: " + error, null, new SocketException((int)error));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LinkConnectException("no connection: " + e.SocketErrorCode, null, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Not the call that throws: that writes a trace of the stack, with the lines of the sources, into each refusal, and a node that died
    // refuses its peers while they look whether it is gone.
    private static async Task<SocketError> ConnectAsync(Socket socket, EndPoint endPoint, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var attempt = new SocketAsyncEventArgs { RemoteEndPoint = endPoint };
        attempt.Completed += (_, _) => done.TrySetResult();
        if (socket.ConnectAsync(attempt))
        {
            using var cancelling = cancellationToken.UnsafeRegister(
                static a => Socket.CancelConnectAsync((SocketAsyncEventArgs)a!), attempt);
            await done.Task.ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return attempt.SocketError;
    }

    private SslClientAuthenticationOptions Options(string host, Action<LinkRefusal> refuse) => new()
    {
        TargetHost = host,
        ClientCertificateContext = key?.Context,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [protocol],
        AllowTlsResume = false,
        CertificateChainPolicy = trust.ChainPolicy(peerIsClient: false),
        RemoteCertificateValidationCallback = (_, _, chain, _) =>
        {
            if (trust.TryIdentify(chain, out var peer, out var refusal) && server.Refuse(peer) is not { } wrong)
                return true;
            else
                refuse(peer is null ? refusal : server.Refuse(peer)!.Value);
            return false;
        },
    };
}
