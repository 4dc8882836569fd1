using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Identifiers;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Tests.Support;

/// <summary>An installation in memory, made by the code that makes the real ones.</summary>
internal sealed class TestAuthority
{
    public static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static long _serial;
    private readonly CertificateIssuer _root;

    public TestAuthority(string cluster = "test-cluster")
    {
        Cluster = Name.Parse(cluster);
        RootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _root = CertificateIssuer.CreateRoot(Cluster, Name.Parse("test"), RootKey, Now, TimeSpan.FromDays(3650), Fill);
        Trust = LinkTrust.From(_root.Certificate);
    }

    public Name Cluster { get; }

    public ECDsa RootKey { get; }

    public LinkTrust Trust { get; }

    public static void Fill(Span<byte> destination)
    {
        destination.Clear();
        BitConverter.TryWriteBytes(destination[8..], Interlocked.Increment(ref _serial));
    }

    public InstallationKey Node(LinkRole role, string name, bool mayEnrol = false) => Node(role, name, mayEnrol, Now);

    public InstallationKey Node(LinkRole role, string name, bool mayEnrol, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = new SpiffeId(Cluster, role, null, Name.Parse(name), mayEnrol);
        return InstallationKey.Create([_root.Issue(id, PublicKey.From(key), now, TimeSpan.FromDays(30))], key, Trust);
    }

    public (X509Certificate2 Certificate, ECDsa Key) AgentIssuer() => Below(LinkRole.AgentIssuer, "agents");

    public (X509Certificate2 Certificate, ECDsa Key) Below(LinkRole role, string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (_root.Issue(new SpiffeId(Cluster, role, null, Name.Parse(name)), PublicKey.From(key), Now, TimeSpan.FromDays(365)), key);
    }

    public InstallationKey Agent(string customer, string name)
    {
        var (issuer, issuerKey) = AgentIssuer();
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = Forge(issuer, issuerKey, key, [$"spiffe://{Cluster}/agent/{customer}/{name}"]);
        return InstallationKey.Create([leaf, issuer], key, Trust);
    }

    /// <summary>A certificate of the root with whatever alternative names, which the real issuer would not make.</summary>
    public X509Certificate2 Forge(ECDsa key, string[] uris, bool server = false) => Forge(Trust.Root, RootKey, key, uris, server);

    public static X509Certificate2 Forge(X509Certificate2 issuer, ECDsa issuerKey, ECDsa key, string[] uris, bool server = false)
    {
        var request = new CertificateRequest("CN=forged", key, HashAlgorithmName.SHA256);
        OidCollection usages = server ? [new Oid("1.3.6.1.5.5.7.3.1")] : [new Oid("1.3.6.1.5.5.7.3.2")];
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        if (uris.Length > 0)
            request.CertificateExtensions.Add(AlternativeNames.Build(uris, []));

        var serial = new byte[16];
        Fill(serial);
        serial[0] = 0x40;
        return request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), Now.AddHours(-1), Now.AddDays(1), serial);
    }
}
