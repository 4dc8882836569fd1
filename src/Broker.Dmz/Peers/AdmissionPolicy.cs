using System.Security.Cryptography;
using Broker.Host;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Peers;

/// <summary>Whom this node hands customers' secrets to.</summary>
/// <param name="IsAuto">Whether the certificate of a node among the peers is enough.</param>
/// <param name="People">The cluster's admission list: two of them vouch for an incarnation.</param>
internal sealed record AdmissionPolicy(bool IsAuto, IReadOnlyDictionary<Name, PublicKey> People)
{
    private const long MaxKeyFile = 16 * 1024;

    /// <summary>Tickets only.</summary>
    public static AdmissionPolicy Closed { get; } = new(false, new Dictionary<Name, PublicKey>());

    /// <summary>Reads the people's public keys.</summary>
    /// <param name="isAuto">From the configuration.</param>
    /// <param name="files">Names and public key files in PEM form.</param>
    /// <exception cref="StartException">A file is missing or holds no public key of P-256.</exception>
    public static AdmissionPolicy Load(bool isAuto, IReadOnlyDictionary<Name, string> files) =>
        new(isAuto, files.ToDictionary(f => f.Key, f => ReadKey(f.Key, f.Value)));

    private static PublicKey ReadKey(Name person, string path)
    {
        try
        {
            var text = new FileInfo(path).Length <= MaxKeyFile ? File.ReadAllText(path) : "";
            if (PemEncoding.TryFind(text, out var fields) && text[fields.Label] == "PUBLIC KEY")
            {
                using var key = ECDsa.Create();
                key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text[fields.Base64Data]), out _);
                return PublicKey.From(key);
            }
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException or MalformedException or FormatException
            or ArgumentException or IOException or UnauthorizedAccessException)
        {
            // Whatever it is: the error below says which file, and what belongs there.
        }

        throw new StartException(
            $"broker.dmz.admission.people.{person}: {path} is no public key of P-256 in PEM form; brokerctl key new writes NAME.pub");
    }
}
