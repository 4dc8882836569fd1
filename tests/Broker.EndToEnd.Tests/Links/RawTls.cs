using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Broker.Links.Identity;

namespace Broker.EndToEnd.Tests.Links;

/// <summary>
/// A client that believes every server and shows what certificate it likes: whether it is let in is the server's decision.
/// </summary>
internal static class RawTls
{
    private static readonly byte[] Http2Preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0];
    private static readonly byte[] Http1Request = Encoding.ASCII.GetBytes("GET /health/live HTTP/1.1\r\nHost: broker\r\n\r\n");

    /// <summary>The certificate and key of two files, as this client shows them.</summary>
    public static SslStreamCertificateContext Identity(string directory, string name, string root)
    {
        // The context keeps what it needs of the key until the process ends.
        return InstallationKey.Load($"{directory}/{name}.crt", $"{directory}/{name}.key", LinkTrust.Load(root)).Context;
    }

    /// <summary>Connects and asks; true when the server answered anything, false when it ended the connection.</summary>
    public static async Task<bool> IsLetInAsync(int port, SslStreamCertificateContext? identity, bool oldTls = false)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(tcp.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(Options(identity, oldTls));
            await tls.WriteAsync(tls.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2 ? Http2Preface : Http1Request);
            return await tls.ReadAsync(new byte[1]) > 0;
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static SslClientAuthenticationOptions Options(SslStreamCertificateContext? identity, bool oldTls) => new()
    {
        TargetHost = "broker",
        ClientCertificateContext = identity,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        EnabledSslProtocols = oldTls ? SslProtocols.Tls12 : SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        // Deliberately: this client is hostile, and it is the server that is tested.
#pragma warning disable CA5359
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
