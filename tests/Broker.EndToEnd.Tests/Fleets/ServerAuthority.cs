using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>A certificate authority for what is not the broker's: database and etcd. Certificates name an address, keys are PEM.</summary>
internal sealed class ServerAuthority : IDisposable
{
    private readonly string _directory;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private byte _serial;

    public ServerAuthority(string directory)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        var request = new CertificateRequest("CN=servers of a test", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        _root = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        File.WriteAllText(Root, _root.ExportCertificatePem());
    }

    /// <summary>The authority's own certificate.</summary>
    public string Root => Path.Combine(_directory, "servers.crt");

    /// <summary>Issues a certificate for a server, or a client, or both.</summary>
    /// <param name="name">Name of the files.</param>
    /// <param name="address">Where it is reached.</param>
    /// <param name="commonName">Common name, where it is not the files'.</param>
    /// <returns>The files of certificate and key, the key's with mode 0600.</returns>
    public (string Certificate, string Key) Issue(string name, string address, string? commonName = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName ?? name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        var ip = IPAddress.Parse(address);
        names.AddIpAddress(ip);
        // Who calls from an address of the loopback calls from this one, and a member of etcd is known by where it calls from.
        if (IPAddress.IsLoopback(ip))
            names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(_root, now.AddDays(-1), now.AddDays(1), [++_serial]);
        var files = (Certificate: Path.Combine(_directory, name + ".crt"), Key: Path.Combine(_directory, name + ".key"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        using var file = new FileStream(files.Key, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
        return files;
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }
}
