using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Broker.Links.Identity;

/// <summary>Reads certificate and key files; a key file that others may read is refused.</summary>
public static class PemFiles
{
    private const int MaxBytes = 64 * 1024;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads the certificates of a PEM file, in their order.</summary>
    /// <exception cref="InstallationKeyException">It cannot be read, is over 64 KiB, or holds no certificate.</exception>
    public static X509Certificate2Collection ReadCertificates(string path)
    {
        var bytes = ReadBounded(path, isPrivate: false);
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Encoding.UTF8.GetString(bytes));
        }
        catch (CryptographicException)
        {
            throw new InstallationKeyException($"{path} does not hold certificates in PEM form");
        }

        return certificates.Count > 0 ? certificates : throw new InstallationKeyException($"{path} holds no certificate in PEM form");
    }

    /// <summary>Reads a file that only its owner may read: a private key, a passphrase. The caller zeroes what it gets.</summary>
    /// <exception cref="InstallationKeyException">It cannot be read, is over 64 KiB, or the group or others have any right on
    /// it.</exception>
    public static byte[] ReadPrivate(string path) => ReadBounded(path, isPrivate: true);

    /// <summary>Reads an unencrypted private key, PKCS#8 or SEC1, from a PEM file that only its owner may read.</summary>
    /// <exception cref="InstallationKeyException">It cannot be read, others may read it, or it holds no such key.</exception>
    public static ECDsa ReadKey(string path)
    {
        var bytes = ReadPrivate(path);
        var pem = GC.AllocateUninitializedArray<char>(bytes.Length, pinned: true);
        var key = ECDsa.Create();
        try
        {
            // The ban keeps customers' keys out of unlocked memory; an installation key is a file and lives in the TLS stack.
#pragma warning disable RS0030
            key.ImportFromPem(pem.AsSpan(0, Encoding.UTF8.GetChars(bytes, pem)));
#pragma warning restore RS0030
            return key;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException or ArgumentException)
        {
            key.Dispose();
            throw new InstallationKeyException($"{path} does not hold an unencrypted P-256 private key in PEM form");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(pem.AsSpan()));
        }
    }

    // The check is on the opened file, so that it cannot be exchanged between the check and the reading.
    private static byte[] ReadBounded(string path, bool isPrivate)
    {
        try
        {
            using var file = File.OpenHandle(path);
            if (isPrivate && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0)
                throw new InstallationKeyException($"{path} can be read by others; run: chmod 600 {path}");
            var length = RandomAccess.GetLength(file);
            if (length > MaxBytes)
                throw new InstallationKeyException($"{path} is larger than {MaxBytes} bytes");
            var bytes = GC.AllocateUninitializedArray<byte>((int)length, pinned: true);
            var read = 0;
            while (read < bytes.Length)
            {
                var count = RandomAccess.Read(file, bytes.AsSpan(read), read);
                if (count == 0)
                    throw new InstallationKeyException($"{path} was cut while it was read; try again");
                read += count;
            }

            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InstallationKeyException($"{path} does not exist; brokerctl ca issue makes certificates and keys");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InstallationKeyException($"{path} cannot be read; check that the account of this process owns it");
        }
    }
}
