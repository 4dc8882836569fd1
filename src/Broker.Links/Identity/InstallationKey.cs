using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Identity;

/// <summary>
/// A certificate of the installation with its private key, and the root that it belongs to: this process's own identity on links, and
/// what it signs statements with. The key is the platform's object, not locked memory: with it alone nobody is handed a customer's secret.
/// </summary>
public sealed class InstallationKey : IDisposable
{
    private readonly ECDsa _signer;
    private readonly Lock _lock = new();

    private InstallationKey(X509Certificate2 certificate, ECDsa signer, X509Certificate2? issuer, LinkTrust trust, PeerIdentity identity)
    {
        Certificate = certificate;
        _signer = signer;
        Trust = trust;
        Identity = identity;
        ChainDer = issuer is null ? [certificate.RawData] : [certificate.RawData, issuer.RawData];
        Context = SslStreamCertificateContext.Create(certificate, issuer is null ? [trust.Root] : [issuer, trust.Root], offline: true);
    }

    /// <summary>The leaf certificate with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The installation's root.</summary>
    public LinkTrust Trust { get; }

    /// <summary>Who this process is.</summary>
    public PeerIdentity Identity { get; }

    /// <summary>The public half.</summary>
    public PublicKey PublicKey => Identity.Key;

    /// <summary>DER of the leaf and, for an agent, of the issuer; without the root, which every reader has.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> ChainDer { get; }

    /// <summary>What the TLS stack sends: the leaf with its intermediate.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Reads a certificate chain, its private key and the root from PEM files.</summary>
    /// <param name="certificatePath">Leaf first; the root may stand last.</param>
    /// <param name="keyPath">PKCS#8 or SEC1, not encrypted, mode 0600.</param>
    /// <param name="trust">The installation's root.</param>
    /// <exception cref="InstallationKeyException">A file is missing, readable by others, or does not fit the others.</exception>
    public static InstallationKey Load(string certificatePath, string keyPath, LinkTrust trust)
    {
        var certificates = PemFiles.ReadCertificates(certificatePath);
        return Create(certificates, PemFiles.ReadKey(keyPath), trust);
    }

    /// <summary>
    /// Joins a certificate chain and a key that is already in the process, for an agent that was just enrolled or renewed.
    /// </summary>
    /// <param name="certificates">Leaf first, then its issuer where there is one; the root may stand last.</param>
    /// <param name="key">The private key; owned by the result from here on.</param>
    /// <param name="trust">The installation's root.</param>
    /// <exception cref="InstallationKeyException">The chain is not of this installation, or the key is another's.</exception>
    public static InstallationKey Create(X509Certificate2Collection certificates, ECDsa key, LinkTrust trust)
    {
        var below = certificates.Where(c => !c.RawDataMemory.Span.SequenceEqual(trust.Root.RawDataMemory.Span)).ToList();
        if (below.Count is not (1 or 2))
            throw new InstallationKeyException("a certificate file holds the certificate, for an agent its issuer, and the root");
        if (!PeerIdentity.TryRead([.. below, trust.Root], trust.Cluster, out var identity, out var refusal))
            throw new InstallationKeyException($"the certificate cannot be used in this installation: {refusal.Code()}");
        if (!trust.Signed(below[0], below.ElementAtOrDefault(1)))
            throw new InstallationKeyException(
                "the certificate was not issued under this root; name the root.crt of the same installation");
        X509Certificate2 certificate;
        try
        {
            certificate = below[0].CopyWithPrivateKey(key);
        }
        catch (ArgumentException)
        {
            key.Dispose();
            throw new InstallationKeyException(
                "the private key is not the one of the certificate; name the .crt and .key of the same issue");
        }

        return new InstallationKey(certificate, key, below.ElementAtOrDefault(1), trust, identity);
    }

    /// <summary>Signs SHA-256 of a statement.</summary>
    /// <returns>64 bytes r ‖ s.</returns>
    public byte[] Sign(ReadOnlySpan<byte> statement)
    {
        // One platform key object must not be used by two threads at a time.
        lock (_lock)
            return _signer.SignData(statement, HashAlgorithmName.SHA256);
    }

    /// <summary>Says who it is, nothing of the key.</summary>
    public override string ToString() => Identity.ToString();

    /// <summary>Releases the key.</summary>
    public void Dispose()
    {
        Certificate.Dispose();
        _signer.Dispose();
    }
}
