using System.Security.Cryptography;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Dmz.Tests.Support;

/// <summary>The installation's certificate authority, by the code that makes the real one.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);

    private readonly CertificateIssuer _root;
    private readonly string _directory = Directory.CreateTempSubdirectory("authority-").FullName;

    public TestAuthority(string cluster = "test")
    {
        Cluster = Name.Parse(cluster);
        _root = CertificateIssuer.CreateRoot(
            Cluster, Name.Parse("root"), ECDsa.Create(ECCurve.NamedCurves.nistP256), Now, Life, SystemRandom.Fill);
        Trust = LinkTrust.From(_root.Certificate);
    }

    public Name Cluster { get; }

    public LinkTrust Trust { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public InstallationKey Issue(LinkRole role, string name, bool mayEnrol = false)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = new SpiffeId(Cluster, role, null, Name.Parse(name), mayEnrol);
        return InstallationKey.Create([_root.Issue(id, PublicKey.From(key), Now, Life)], key, Trust);
    }

    /// <summary>A certificate with its key and the root as files, for a process.</summary>
    public (string Root, string Certificate, string Key) IssueFiles(LinkRole role, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = _root.Issue(new SpiffeId(Cluster, role, null, Name.Parse(name)), PublicKey.From(key), Now, Life);
        string At(string file) => Path.Combine(_directory, file);
        File.WriteAllText(At("root.crt"), _root.Certificate.ExportCertificatePem());
        File.WriteAllText(At(name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(At(name + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(At(name + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (At("root.crt"), At(name + ".crt"), At(name + ".key"));
    }

    public CertificateIssuer AgentIssuer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = _root.Issue(
            new SpiffeId(Cluster, LinkRole.AgentIssuer, null, Name.Parse("agents")), PublicKey.From(key), Now, Life);
        var (certificatePath, keyPath) = (Path.Combine(_directory, "agents.crt"), Path.Combine(_directory, "agents.key"));
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return CertificateIssuer.LoadAgentIssuer(certificatePath, keyPath, Trust, SystemRandom.Fill);
    }

    public InstallationKey Agent(string customer, string agent)
    {
        using var issuer = AgentIssuer();
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = new SpiffeId(Cluster, LinkRole.Agent, Name.Parse(customer), Name.Parse(agent));
        return InstallationKey.Create([issuer.Issue(id, PublicKey.From(key), Now, Life), issuer.Certificate], key, Trust);
    }

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
