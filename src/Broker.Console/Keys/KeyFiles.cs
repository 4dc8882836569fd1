using System.Security.Cryptography;
using System.Text;
using Broker.Console.Shell;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Console.Keys;

/// <summary>Key files: private ones PKCS#8 PEM with mode 0600, read into locked memory; public ones SubjectPublicKeyInfo PEM.</summary>
internal static class KeyFiles
{
    /// <summary>Makes a key, writes it and its public half beside it (<c>.pub</c>).</summary>
    /// <returns>The public key.</returns>
    public static PublicKey Generate(string path, RandomFill random)
    {
        using var scalar = P256Scalar.Generate(random);
        using var key = P256PrivateKey.FromScalar(scalar);
        using var pem = P256Pem.Write(scalar.Span);
        Files.MakeDirectory(Path.GetDirectoryName(path)!);
        var publicKey = PublicKey.Parse(key.PublicKey);
        Files.Create(path, pem.Span);
        Files.Create(PublicPath(path), ToPem(publicKey), isPublic: true);
        return publicKey;
    }

    /// <summary>Writes a public key whose private half is in a token.</summary>
    public static void WritePublic(string path, PublicKey key)
    {
        Files.MakeDirectory(Path.GetDirectoryName(path)!);
        Files.Create(path, ToPem(key), isPublic: true);
    }

    /// <summary>Where the public half of a private key file lies.</summary>
    public static string PublicPath(string path) => Path.ChangeExtension(path, ".pub");

    /// <summary>Loads a private key; the caller disposes it.</summary>
    /// <exception cref="CommandException">It is missing or others may read it.</exception>
    public static SigningKey Load(string path)
    {
        using var pem = SecretInput.ReadPrivateFile(path);
        return new SigningKey(P256PrivateKey.FromPkcs8Pem(pem));
    }

    /// <summary>Reads a public key file.</summary>
    /// <exception cref="CommandException">It is missing or holds no public key of P-256.</exception>
    public static PublicKey ReadPublic(string path)
    {
        string text;
        try
        {
            text = new FileInfo(path).Length <= 16 * 1024 ? File.ReadAllText(path) : "";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandException.Usage($"{path} does not exist", "brokerctl key new writes NAME.pub beside NAME.key");
        }

        if (PemEncoding.TryFind(text, out var fields) && text[fields.Label] == "PUBLIC KEY")
        {
            try
            {
                using var key = ECDsa.Create();
                key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text[fields.Base64Data]), out _);
                return PublicKey.From(key);
            }
            catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException or MalformedException or FormatException
                or ArgumentException)
            {
                // Falls through: whatever it was, it is no key of ours.
            }
        }

        throw CommandException.Usage($"{path} holds no public key of P-256 in PEM form");
    }

    private static byte[] ToPem(PublicKey key)
    {
        using var ecdsa = key.ToEcdsa();
        return Encoding.ASCII.GetBytes(ecdsa.ExportSubjectPublicKeyInfoPem() + "\n");
    }
}

/// <summary>A user's or custodian's private key while it is used.</summary>
internal sealed class SigningKey(P256PrivateKey key) : IDisposable
{
    public PublicKey Public { get; } = PublicKey.Parse(key.PublicKey);

    /// <summary>For opening what was sealed to it.</summary>
    public IKeyAgreement Agreement => key;

    public byte[] Sign(ReadOnlySpan<byte> statement)
    {
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(statement, signature);
        return signature;
    }

    public Signed Sign(byte[] statement) => new(statement, Sign(statement.AsSpan()));

    public void Dispose() => key.Dispose();
}
