using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Broker.Links.Identity;

namespace Broker.Links.Tests.Support;

/// <summary>A zone node that reads a whole request and then closes the connection, or says something that is no answer first.</summary>
internal sealed class DyingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;
    private int _requests;

    public DyingServer(InstallationKey key)
    {
        _listener.Start();
        Address = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _serving = ServeAsync(key);
    }

    public Uri Address { get; }

    public int Requests => Volatile.Read(ref _requests);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync(InstallationKey key)
    {
        while (true)
        {
            try
            {
                using var socket = await _listener.AcceptSocketAsync();
                await using var tls = new SslStream(new NetworkStream(socket));
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = key.Context,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                });
                await ReadRequestAsync(tls);
                Interlocked.Increment(ref _requests);
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // The client went first: the next connection is waited for.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    // RFC 9113, 4.1: frames of a 9-byte header; DATA is type 0, END_STREAM is flag 1.
    private static async Task ReadRequestAsync(SslStream tls)
    {
        byte[] emptySettings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        await tls.WriteAsync(emptySettings);
        await tls.ReadExactlyAsync(new byte[24]);
        var header = new byte[9];
        do
        {
            await tls.ReadExactlyAsync(header);
            var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(header) >> 8);
            await tls.ReadExactlyAsync(new byte[length]);
        }
        while (header[3] != 0 || (header[4] & 1) == 0);
    }
}
