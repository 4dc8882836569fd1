using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Broker.Secrets.Tests;

/// <summary>The protocol's constructions written down a second time, on arrays and the platform's primitives.</summary>
internal static class Independent
{
    /// <summary><c>enc(label, fields…)</c>.</summary>
    internal static byte[] Enc(string label, params byte[][] fields)
    {
        IEnumerable<byte[]> all = [Encoding.UTF8.GetBytes(label), .. fields];
        return [.. all.SelectMany(static field => (byte[])[.. U32((uint)field.Length), .. field])];
    }

    internal static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    internal static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    internal static byte[] U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>HKDF-Expand with SHA-256 to at most 64 bytes.</summary>
    internal static byte[] Expand(byte[] key, byte[] info, int length)
    {
        var first = HMACSHA256.HashData(key, (byte[])[.. info, 1]);
        byte[] both = [.. first, .. HMACSHA256.HashData(key, (byte[])[.. first, .. info, 2])];
        return both[..length];
    }

    /// <summary>AES-256-GCM with a nonce of zeros; throws where the tag is not good.</summary>
    internal static byte[] Open(byte[] key, ReadOnlySpan<byte> sealedData, ReadOnlySpan<byte> associatedData)
    {
        var plaintext = new byte[sealedData.Length - 16];
        using var aes = new AesGcm(key, 16);
        aes.Decrypt(new byte[12], sealedData[..^16], sealedData[^16..], plaintext, associatedData);
        return plaintext;
    }
}
