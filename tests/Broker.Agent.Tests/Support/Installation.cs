using System.Security.Cryptography;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Agent.Tests.Support;

/// <summary>An installation with one customer and one agent's name, made by the code that makes the real ones.</summary>
internal sealed class Installation : IDisposable
{
    internal static readonly Name Cluster = Name.Parse("test-cluster");
    internal static readonly Name Customer = Name.Parse("acme");
    internal static readonly Name Agent = Name.Parse("web-1");

    private readonly TemporaryDirectory _directory = new();
    private readonly CertificateIssuer _root;
    private readonly CertificateIssuer _agents;

    internal Installation()
    {
        _root = CertificateIssuer.CreateRoot(
            Cluster, Name.Parse("test"), ECDsa.Create(ECCurve.NamedCurves.nistP256), Now, TimeSpan.FromDays(3650), SystemRandom.Fill);
        Trust = LinkTrust.From(_root.Certificate);
        Dmz = Node(LinkRole.Dmz, "dmz-1");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = _root.Issue(
            new SpiffeId(Cluster, LinkRole.AgentIssuer, null, Name.Parse("agents")), PublicKey.From(key), Now, TimeSpan.FromDays(365));
        File.WriteAllText(_directory["agents.crt"], issuer.ExportCertificatePem());
        File.WriteAllText(_directory["agents.key"], key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(_directory["agents.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _agents = CertificateIssuer.LoadAgentIssuer(_directory["agents.crt"], _directory["agents.key"], Trust, SystemRandom.Fill);
        Secret = CustomerSecret.Create(Cluster, Customer, 1, SystemRandom.Fill);
    }

    internal static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    internal LinkTrust Trust { get; }

    internal InstallationKey Dmz { get; }

    internal CustomerSecret Secret { get; }

    internal InstallationKey Node(LinkRole role, string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = new SpiffeId(Cluster, role, null, Name.Parse(name));
        return InstallationKey.Create([_root.Issue(id, PublicKey.From(key), Now, TimeSpan.FromDays(30))], key, Trust);
    }

    internal Grant Grant(PublicKey key, Id16 boot, DateTimeOffset notBefore, DateTimeOffset notAfter) => new(
        Cluster, Customer, 1, Agent, key, "i-1", [], boot, notBefore, notAfter, Secret.Identity.Fingerprint);

    internal Grant Grant(PublicKey key, Id16 boot) => Grant(key, boot, Now, Now.AddHours(24));

    internal IReadOnlyList<byte[]> Certificates(PublicKey key, string agent = "web-1") =>
    [
        _agents.Issue(new SpiffeId(Cluster, LinkRole.Agent, Customer, Name.Parse(agent)), key, Now, TimeSpan.FromHours(24)).RawData,
        _agents.Certificate.RawData,
    ];

    public void Dispose()
    {
        Secret.Dispose();
        Dmz.Dispose();
        _agents.Dispose();
        _root.Dispose();
        _directory.Dispose();
    }
}
