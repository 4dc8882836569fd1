using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Console.Authority;

/// <summary>
/// The root of an installation, offline: a directory with <c>root.crt</c> and, sealed to a passphrase, <c>root.key</c>. It is used to issue
/// certificates and belongs on no node.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    private const int ClusterIdBytes = 16;
    private static readonly TimeSpan RootLifetime = TimeSpan.FromDays(3653);

    // PBES2 with PBKDF2 (RFC 8018); what openssl pkcs8 reads.
    private static readonly PbeParameters Sealing = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 600_000);

    private readonly CertificateIssuer _issuer;
    private readonly TimeProvider _time;

    private CertificateAuthority(LinkTrust trust, CertificateIssuer issuer, TimeProvider time)
    {
        Trust = trust;
        _issuer = issuer;
        _time = time;
    }

    /// <summary>The root.</summary>
    public LinkTrust Trust { get; }

    /// <summary>Where the root's certificate stands in a directory.</summary>
    public static string CertificatePath(string directory) => Path.Combine(directory, "root.crt");

    /// <summary>Where the root's sealed key stands in a directory.</summary>
    public static string KeyPath(string directory) => Path.Combine(directory, "root.key");

    /// <summary>Makes a new installation: its id, its root key and its root certificate.</summary>
    /// <param name="directory">Made with mode 0700 where it does not exist.</param>
    /// <param name="name">What people call the installation.</param>
    /// <param name="passphrase">Asked for once nothing stands in the way.</param>
    /// <param name="time">The dates of the certificate.</param>
    /// <exception cref="CommandException">There is a root already, or a file cannot be written.</exception>
    public static LinkTrust Init(string directory, Name name, Func<Passphrase> passphrase, TimeProvider time)
    {
        NewFiles.MustNotExist(CertificatePath(directory), KeyPath(directory));
        using var secret = passphrase();
        NewFiles.CreateDirectory(directory);
        Span<byte> id = stackalloc byte[ClusterIdBytes];
        SystemRandom.Fill(id);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = CertificateIssuer.CreateRoot(
            Name.Parse(Convert.ToHexStringLower(id)), name, key, time.GetUtcNow(), RootLifetime, SystemRandom.Fill);
        var files = new NewFiles();
        files.WritePrivate(KeyPath(directory), Encoding.ASCII.GetBytes(
            PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", key.ExportEncryptedPkcs8PrivateKey(secret.Bytes, Sealing)) + "\n"));
        files.WritePublic(CertificatePath(directory), issuer.Certificate.ExportCertificatePem() + "\n");
        return LinkTrust.From(issuer.Certificate);
    }

    /// <summary>Unseals the root of a directory.</summary>
    /// <param name="directory">Of <see cref="Init"/>.</param>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="time">The dates of certificates that it issues.</param>
    /// <exception cref="CommandException">The passphrase is wrong, or the file is damaged.</exception>
    /// <exception cref="InstallationKeyException">A file is missing or does not fit.</exception>
    public static CertificateAuthority Open(string directory, Passphrase passphrase, TimeProvider time)
    {
        var trust = LinkTrust.Load(CertificatePath(directory));
        var pem = Encoding.ASCII.GetString(PemFiles.ReadPrivate(KeyPath(directory)));
        var key = ECDsa.Create();
        try
        {
            key.ImportFromEncryptedPem(pem, passphrase.Bytes);
            return new CertificateAuthority(trust, CertificateIssuer.FromRoot(trust, key, SystemRandom.Fill), time);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw CommandException.Usage($"{KeyPath(directory)} does not open: the passphrase is wrong or the file is damaged; try again");
        }
    }

    /// <summary>
    /// Issues a certificate with a new key: <c>NAME.crt</c> with the root after it, and <c>NAME.key</c>, PKCS#8, mode 0600.
    /// </summary>
    /// <param name="id">Whose it is.</param>
    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="hosts">DNS names and addresses for clients of other makers.</param>
    /// <param name="directory">Where the two files are written.</param>
    /// <returns>The certificate.</returns>
    /// <exception cref="CommandException">A file exists or cannot be written.</exception>
    public X509Certificate2 Issue(SpiffeId id, TimeSpan lifetime, IReadOnlyList<string> hosts, string directory)
    {
        var (certificatePath, keyPath) = Paths(id.Name, directory);
        NewFiles.MustNotExist(certificatePath, keyPath);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = _issuer.Issue(id, PublicKey.From(key), _time.GetUtcNow(), lifetime, hosts);
        var pkcs8 = key.ExportPkcs8PrivateKey();
        var pem = GC.AllocateArray<char>(PemEncoding.GetEncodedSize("PRIVATE KEY".Length, pkcs8.Length) + 1, pinned: true);
        var bytes = GC.AllocateArray<byte>(pem.Length, pinned: true);
        try
        {
            PemEncoding.TryWrite("PRIVATE KEY", pkcs8, pem, out var written);
            pem[written] = '\n';
            Encoding.ASCII.GetBytes(pem, bytes);
            var files = new NewFiles();
            files.WritePrivate(keyPath, bytes);
            files.WritePublic(certificatePath, $"{certificate.ExportCertificatePem()}\n{Trust.Root.ExportCertificatePem()}\n");
            return certificate;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
            CryptographicOperations.ZeroMemory(bytes);
            pem.AsSpan().Clear();
        }
    }

    /// <summary>Where <see cref="Issue"/> writes.</summary>
    public static (string Certificate, string Key) Paths(Name name, string directory) =>
        (Path.Combine(directory, name.Value + ".crt"), Path.Combine(directory, name.Value + ".key"));

    /// <summary>Releases the root key.</summary>
    public void Dispose() => _issuer.Dispose();
}
