using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Issuing;

/// <summary>
/// A certificate that may sign others, with its key: the root, in <c>brokerctl ca</c>, or the agents' issuer, on a DMZ node. It signs only
/// what a verifier of this installation accepts from it: the root everything but agents, the issuer agents alone.
/// </summary>
public sealed class CertificateIssuer : IDisposable
{
    // Certificates begin a little before now: clocks of nodes differ, and dates are compared within two minutes.
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 _certificate;
    private readonly ECDsa _key;
    private readonly Name _cluster;
    private readonly bool _isRoot;
    private readonly RandomFill _random;

    private CertificateIssuer(X509Certificate2 certificate, ECDsa key, Name cluster, bool isRoot, RandomFill random)
    {
        _certificate = certificate;
        _key = key;
        _cluster = cluster;
        _isRoot = isRoot;
        _random = random;
    }

    /// <summary>The signing certificate.</summary>
    public X509Certificate2 Certificate => _certificate;

    /// <summary>Makes a new installation's root certificate.</summary>
    /// <param name="cluster">The installation's id.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="key">Its key, on P-256; owned by the result.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="random">Gives the serial numbers.</param>
    public static CertificateIssuer CreateRoot(
        Name cluster, Name name, ECDsa key, DateTimeOffset now, TimeSpan lifetime, RandomFill random)
    {
        var request = CertificateProfile.Root(cluster, name, key);
        using var root = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - Backdate, now + lifetime, Serial(random));
        return new CertificateIssuer(X509CertificateLoader.LoadCertificate(root.RawData), key, cluster, isRoot: true, random);
    }

    /// <summary>Takes the root with its unsealed key.</summary>
    /// <param name="trust">The root.</param>
    /// <param name="key">Its key; owned by the result.</param>
    /// <param name="random">Gives the serial numbers.</param>
    /// <exception cref="InstallationKeyException">The key is another's.</exception>
    public static CertificateIssuer FromRoot(LinkTrust trust, ECDsa key, RandomFill random)
    {
        if (!PublicKey.From(key).Equals(CertificateKeys.Read(trust.Root)))
            throw new InstallationKeyException("root.key is not the key of root.crt; both come from one brokerctl ca init");
        return new CertificateIssuer(trust.Root, key, trust.Cluster, isRoot: true, random);
    }

    /// <summary>Reads the agents' issuer from PEM files, for a DMZ node.</summary>
    /// <param name="certificatePath">The issuer's certificate; the root may stand after it.</param>
    /// <param name="keyPath">Its key, mode 0600.</param>
    /// <param name="trust">The installation's root.</param>
    /// <param name="random">Gives the serial numbers.</param>
    /// <exception cref="InstallationKeyException">A file cannot be used, or the certificate is not an agents' issuer of this
    /// installation.</exception>
    public static CertificateIssuer LoadAgentIssuer(string certificatePath, string keyPath, LinkTrust trust, RandomFill random)
    {
        var certificate = PemFiles.ReadCertificates(certificatePath)[0];
        if (!SpiffeId.TryRead(certificate, out var id, out _) || id.Cluster != trust.Cluster || id.Role != LinkRole.AgentIssuer
            || !trust.Signed(certificate, null))
            throw new InstallationKeyException(
                $"{certificatePath} is not an agents' issuer of this installation; make one by brokerctl ca issue agent-issuer");
        var key = PemFiles.ReadKey(keyPath);
        if (PublicKey.From(key).Equals(CertificateKeys.Read(certificate)))
            return new CertificateIssuer(certificate, key, trust.Cluster, isRoot: false, random);
        key.Dispose();
        throw new InstallationKeyException($"{keyPath} is not the key of {certificatePath}");
    }

    /// <summary>Issues a certificate for a public key whose holder proved, in the protocol, to have the private half.</summary>
    /// <param name="id">The identity; its cluster must be the issuer's.</param>
    /// <param name="key">The subject's key.</param>
    /// <param name="now">The time.</param>
    /// <param name="lifetime">How long it is valid; cut to the issuer's own end.</param>
    /// <param name="hosts">DNS names and addresses for clients of other makers; they are no identity here.</param>
    /// <exception cref="ArgumentException">This issuer may not sign that role or cluster.</exception>
    public X509Certificate2 Issue(SpiffeId id, PublicKey key, DateTimeOffset now, TimeSpan lifetime, params IReadOnlyList<string> hosts)
    {
        if (id.Cluster != _cluster || id.Role == LinkRole.Agent == _isRoot || (id.MayEnrol && id.Role != LinkRole.Console))
            throw new ArgumentException("this issuer may not sign that identity", nameof(id));
        var request = CertificateProfile.Below(_certificate, id, key, hosts);
        var end = now + lifetime;
        var last = new DateTimeOffset(_certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        return request.Create(
            _certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), now - Backdate, end < last ? end : last,
            Serial(_random));
    }

    /// <summary>Releases the key.</summary>
    public void Dispose() => _key.Dispose();

    private static byte[] Serial(RandomFill random)
    {
        var serial = new byte[CertificateProfile.SerialLength];
        random(serial);
        // Positive and without leading zeros, as DER wants an integer.
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
