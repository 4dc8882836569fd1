using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Issuing;

/// <summary>What the installation's certificates look like: one place for the root, the roles and the agents' issuer.</summary>
internal static class CertificateProfile
{
    /// <summary>Bytes of a serial number.</summary>
    public const int SerialLength = 16;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // RFC 9336. Present so that a ledger certificate has usages, and none of them is TLS.
    private const string DocumentSigning = "1.3.6.1.5.5.7.3.36";

    /// <summary>A self-signed root that states <c>spiffe://CLUSTER</c>.</summary>
    public static CertificateRequest Root(Name cluster, Name name, ECDsa key)
    {
        var request = new CertificateRequest(Subject(cluster, "root", name.Value), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(AlternativeNames.Build([SpiffeId.OfRoot(cluster)], []));
        return request;
    }

    /// <summary>A certificate below the root or below the agents' issuer.</summary>
    public static CertificateRequest Below(X509Certificate2 issuer, SpiffeId id, PublicKey key, IReadOnlyList<string> hosts)
    {
        using var subject = key.ToEcdsa();
        var common = id.Customer is { } customer ? $"{customer}/{id.Name}" : id.Name.Value;
        var request = new CertificateRequest(Subject(id.Cluster, id.Role.Text(), common), subject, HashAlgorithmName.SHA256);
        var isIssuer = id.Role == LinkRole.AgentIssuer;
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isIssuer, isIssuer, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            isIssuer ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(Usages(id.Role), false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        string[] uris = id.MayEnrol ? [id.ToString(), SpiffeId.EnrolAttribute] : [id.ToString()];
        request.CertificateExtensions.Add(AlternativeNames.Build(uris, hosts));
        return request;
    }

    // Usages nest: the issuer's hold for all below it, so that it cannot make a server.
    private static OidCollection Usages(LinkRole role) => role switch
    {
        LinkRole.Dmz or LinkRole.Zone => [new Oid(ServerAuthentication), new Oid(ClientAuthentication)],
        LinkRole.Ledger => [new Oid(DocumentSigning)],
        _ => [new Oid(ClientAuthentication)],
    };

    private static X500DistinguishedName Subject(Name cluster, string role, string name)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName(cluster.Value);
        subject.AddOrganizationalUnitName(role);
        // RFC 5280 allows a common name 64 characters; identity is the URI, so a cut one harms nothing.
        subject.AddCommonName(name.Length > 64 ? name[..64] : name);
        return subject.Build();
    }
}
