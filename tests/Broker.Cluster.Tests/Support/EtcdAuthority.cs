using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Cluster.Etcd;

namespace Broker.Cluster.Tests.Support;

/// <summary>An authority for etcd's certificates, with PEM files in a folder of its own.</summary>
internal sealed class EtcdAuthority : IDisposable
{
    private static int _serial;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    public EtcdAuthority()
    {
        var now = TimeProvider.System.GetUtcNow();
        var request = new CertificateRequest("CN=etcd test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        Folder = Directory.CreateTempSubdirectory("etcd-authority-").FullName;
        File.WriteAllText(Authority, _root.ExportCertificatePem());
    }

    public string Folder { get; }

    public string Authority => Path.Combine(Folder, "ca.crt");

    /// <summary>Issues a certificate for server and client, for this machine's loopback, and writes both files.</summary>
    public (string Certificate, string Key) Issue(string name, bool rsa = false, string host = "127.0.0.1")
    {
        var (certificate, key) = (Path.Combine(Folder, name + ".crt"), Path.Combine(Folder, name + ".key"));
        using var issued = Certificate(name, rsa, host);
        File.WriteAllText(certificate, issued.ExportCertificatePem());
        using AsymmetricAlgorithm secret = rsa ? issued.GetRSAPrivateKey()! : issued.GetECDsaPrivateKey()!;
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (certificate, key);
    }

    public X509Certificate2 Certificate(string name, bool rsa = false, string host = "127.0.0.1")
    {
        var now = TimeProvider.System.GetUtcNow();
        var ec = rsa ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var other = rsa ? RSA.Create(2048) : null;
        var request = ec is not null
            ? new CertificateRequest("CN=" + name, ec, HashAlgorithmName.SHA256)
            : new CertificateRequest("CN=" + name, other!, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
        {
            names.AddIpAddress(address);
            // Members of etcd look at where another one comes from, which is this on all of loopback.
            if (!address.Equals(IPAddress.Loopback))
                names.AddIpAddress(IPAddress.Loopback);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        var serial = BitConverter.GetBytes(Interlocked.Increment(ref _serial));
        var signer = X509SignatureGenerator.CreateForECDsa(_key);
        using var issued = request.Create(_root.SubjectName, signer, now.AddHours(-1), now.AddDays(1), [1, .. serial]);
        return ec is not null ? issued.CopyWithPrivateKey(ec) : issued.CopyWithPrivateKey(other!);
    }

    public EtcdTls Client(string name = "dmz-1")
    {
        var (certificate, key) = Issue(name);
        return EtcdTls.Load(Authority, certificate, key);
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
