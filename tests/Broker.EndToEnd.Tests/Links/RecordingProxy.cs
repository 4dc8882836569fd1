using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Links;

/// <summary>
/// Ends TLS in the middle of a link: towards the client with a node's valid certificate, towards the node with a valid client's. It
/// keeps every byte that it sees in the clear, both ways, a stream for each connection and direction.
/// </summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly SslStreamCertificateContext _shown;
    private readonly Func<SslStreamCertificateContext> _identity;
    private readonly int _upstream;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(bool FromClient, MemoryStream Bytes)> _recorded = [];
    private readonly List<Task> _links = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;

    /// <summary>Starts it on a free port.</summary>
    /// <param name="shown">The certificate for clients.</param>
    /// <param name="identity">The certificate for the node; asked for at each connection.</param>
    /// <param name="upstream">The node's port.</param>
    public RecordingProxy(SslStreamCertificateContext shown, Func<SslStreamCertificateContext> identity, int upstream)
    {
        (_shown, _identity, _upstream) = (shown, identity, upstream);
        Port = Ports.Next();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>What was seen so far.</summary>
    public IReadOnlyList<(bool FromClient, byte[] Bytes)> Recorded
    {
        get
        {
            lock (_gate)
                return [.. _recorded.Select(static r => (r.FromClient, r.Bytes.ToArray()))];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_links);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _links.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy was stopped.
        }
    }

    private async Task RelayAsync(TcpClient accepted)
    {
        using var client = accepted;
        using var node = new TcpClient();
        try
        {
            await using var near = new SslStream(client.GetStream());
            await near.AuthenticateAsServerAsync(ServerOptions(), _stop.Token);
            await node.ConnectAsync(IPAddress.Loopback, _upstream, _stop.Token);
            await using var far = new SslStream(node.GetStream());
            await far.AuthenticateAsClientAsync(ClientOptions(near.NegotiatedApplicationProtocol), _stop.Token);
            await Task.WhenAny(CopyAsync(near, far, fromClient: true), CopyAsync(far, near, fromClient: false));
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or AuthenticationException or SocketException)
        {
            // One end is gone; so is the link.
        }
    }

    private async Task CopyAsync(SslStream from, SslStream to, bool fromClient)
    {
        var record = new MemoryStream();
        lock (_gate)
            _recorded.Add((fromClient, record));
        var buffer = new byte[32 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var count)
            {
                lock (_gate)
                    record.Write(buffer, 0, count);
                await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // As above.
        }
    }

    private SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = _shown,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        // Deliberately: the proxy is hostile and takes everybody.
#pragma warning disable CA5359
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
    };

    private SslClientAuthenticationOptions ClientOptions(SslApplicationProtocol protocol) => new()
    {
        TargetHost = "broker",
        ClientCertificateContext = _identity(),
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = [protocol],
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
