using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Broker.Links.Identity;

namespace Broker.Cluster.Etcd;

/// <summary>
/// The certificates of the link to etcd: those of etcd's own authority, apart from the installation's. The server is verified against the
/// authority and by its name; this side shows a client certificate.
/// </summary>
/// <param name="authority">Who signs etcd's server certificates.</param>
/// <param name="certificate">This client's certificate with its key.</param>
/// <param name="chain">What leads from it to the authority, for the server.</param>
internal sealed class EtcdTls(X509Certificate2Collection authority, X509Certificate2 certificate, X509Certificate2Collection chain)
    : IDisposable
{
    /// <summary>Reads the files.</summary>
    /// <param name="authorityPath">PEM; one certificate or several.</param>
    /// <param name="certificatePath">PEM; this client's certificate first.</param>
    /// <param name="keyPath">PEM, not encrypted, mode 0600.</param>
    /// <exception cref="InstallationKeyException">A file is missing, readable by others, or does not fit the others.</exception>
    public static EtcdTls Load(string authorityPath, string certificatePath, string keyPath)
    {
        var authority = PemFiles.ReadCertificates(authorityPath);
        var chain = PemFiles.ReadCertificates(certificatePath);
        var key = PemFiles.ReadPrivate(keyPath);
        var pem = GC.AllocateUninitializedArray<char>(key.Length, pinned: true);
        try
        {
            // Of any kind that the platform reads: etcd's authority is not this installation's.
            var text = pem.AsSpan(0, Encoding.UTF8.GetChars(key, pem));
            return new EtcdTls(authority, X509Certificate2.CreateFromPem(chain[0].ExportCertificatePem(), text), chain);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new InstallationKeyException($"{keyPath} is not the unencrypted private key, in PEM form, of {certificatePath}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(pem.AsSpan()));
        }
    }

    /// <summary>
    /// What the TLS stack is given. The name is checked by the stack itself: there is no callback that could pass it over.
    /// </summary>
    public SslClientAuthenticationOptions Options()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authority);
        return new SslClientAuthenticationOptions
        {
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            CertificateChainPolicy = policy,
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
        };
    }

    /// <summary>Releases the key.</summary>
    public void Dispose() => certificate.Dispose();
}
