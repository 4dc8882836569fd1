using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Broker.Links.Tls;

/// <summary>
/// Hands out the installation's root certificate, and gets it for one who knows only its fingerprint: an agent with an enrolment token,
/// a console that was given the fingerprint by voice. The TLS stack never sends a root, so it is one call of its own. That call says
/// nothing to the server and believes nothing but the fingerprint; what follows is verified against the root.
/// </summary>
public static class PinnedRoot
{
    private const string Path = "/v1/root";
    private const string MediaType = "application/pkix-cert";
    private const int MaxBytes = 8 * 1024;

    /// <summary>Maps <c>GET /v1/root</c>: the root's DER, for anybody who reaches the listener.</summary>
    public static IEndpointConventionBuilder MapRoot(this IEndpointRouteBuilder endpoints, LinkTrust trust) =>
        endpoints.MapGet(Path, () => Results.Bytes(trust.Root.RawData, MediaType));

    /// <summary>Asks a server for its root and takes it if it has the fingerprint.</summary>
    /// <param name="address">The enrolment listener, <c>https://host:port</c>.</param>
    /// <param name="fingerprint">SHA-256 of the root's DER: <see cref="LinkTrust.Fingerprint"/>.</param>
    /// <param name="timeout">For the whole call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LinkConnectException">No answer; or another root: <see cref="LinkRefusal.ForeignAuthority"/>.</exception>
    public static async Task<LinkTrust> FetchAsync(Uri address, Digest fingerprint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(UnverifiedHandler()) { Timeout = timeout, MaxResponseContentBufferSize = MaxBytes };
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaType));
        try
        {
            var der = await client.GetByteArrayAsync(new Uri(address, Path), cancellationToken).ConfigureAwait(false);
            if (Digest.Of(der) == fingerprint)
                return LinkTrust.From(X509CertificateLoader.LoadCertificate(der));
        }
        catch (Exception e) when (e is HttpRequestException or CryptographicException ||
            (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new LinkConnectException("the listener did not hand out its root certificate", null, e);
        }

        throw new LinkConnectException(
            "the server does not belong to the installation that the fingerprint names", LinkRefusal.ForeignAuthority, null);
    }

    // What comes back is compared with the pinned fingerprint; nothing else of the connection is believed or sent.
#pragma warning disable CA5359
    private static SocketsHttpHandler UnverifiedHandler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        },
    };
#pragma warning restore CA5359
}
