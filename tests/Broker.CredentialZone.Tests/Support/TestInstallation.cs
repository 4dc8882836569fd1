using System.Security.Cryptography;
using Broker.Actors;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Identifiers;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>An installation with its certificates, as files where a node wants files.</summary>
internal sealed class TestInstallation : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly CertificateIssuer _root = CertificateIssuer.CreateRoot(
        ZoneUnderTest.Cluster, Name.Parse("test"), ECDsa.Create(ECCurve.NamedCurves.nistP256), Now, TimeSpan.FromDays(30),
        RandomSource.System.Fill);

    public TestInstallation()
    {
        Trust = LinkTrust.From(_root.Certificate);
        File.WriteAllText(Path("root.crt"), _root.Certificate.ExportCertificatePem());
    }

    public string Home { get; } = Directory.CreateTempSubdirectory("zone-node-").FullName;

    public LinkTrust Trust { get; }

    public string Path(string file) => System.IO.Path.Combine(Home, file);

    public InstallationKey Key(LinkRole role, string name, bool mayEnrol = false)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = new SpiffeId(Trust.Cluster, role, null, Name.Parse(name), mayEnrol);
        var certificate = _root.Issue(id, PublicKey.From(key), Now, TimeSpan.FromDays(1));
        File.WriteAllText(Path(name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path(name + ".key"), key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path(name + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return InstallationKey.Create([certificate], key, Trust);
    }

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
