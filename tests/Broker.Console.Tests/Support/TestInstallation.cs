using System.Security.Cryptography;
using System.Text;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Console.Tests.Support;

/// <summary>An installation with real certificates: root, DMZ node, console, ledger; and a directory for files.</summary>
internal sealed class TestInstallation : IDisposable
{
    private readonly CertificateIssuer _root;
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("brokerctl-");

    public TestInstallation(string cluster = "test-cluster")
    {
        Cluster = Name.Parse(cluster);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _root = CertificateIssuer.CreateRoot(Cluster, Name.Parse("test"), key, Now, TimeSpan.FromDays(3650), SystemRandom.Fill);
        Trust = LinkTrust.From(_root.Certificate);
        Node = Issue(LinkRole.Dmz, "dmz-1");
        Ledger = Issue(LinkRole.Ledger, "ledger-1");
    }

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public Name Cluster { get; }

    public LinkTrust Trust { get; }

    public InstallationKey Node { get; }

    public InstallationKey Ledger { get; }

    public string Directory => _directory.FullName;

    public InstallationKey Issue(LinkRole role, string name, bool mayEnrol = false)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return InstallationKey.Create([Certificate(role, name, key, mayEnrol)], key, Trust);
    }

    public string File(string name) => Path.Combine(Directory, name);

    /// <summary>Writes the files that <c>brokerctl init</c> takes.</summary>
    public void WriteConsole(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Certificate(LinkRole.Console, name, key, mayEnrol: true);
        WriteOwn(name + ".crt", certificate.ExportCertificatePem());
        WriteOwn(name + ".key", key.ExportPkcs8PrivateKeyPem());
        WriteOwn("root.crt", Trust.Root.ExportCertificatePem());
    }

    public void WriteOwn(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text + "\n", Encoding.ASCII);
        System.IO.File.SetUnixFileMode(File(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose()
    {
        Node.Dispose();
        Ledger.Dispose();
        _root.Dispose();
        _directory.Delete(recursive: true);
    }

    private System.Security.Cryptography.X509Certificates.X509Certificate2 Certificate(
        LinkRole role, string name, ECDsa key, bool mayEnrol) =>
        _root.Issue(new SpiffeId(Cluster, role, null, Name.Parse(name), mayEnrol), PublicKey.From(key), Now, TimeSpan.FromDays(30));
}
