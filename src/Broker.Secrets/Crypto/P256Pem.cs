using System.Buffers;
using System.Buffers.Text;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>P-256 private keys as PEM text (PKCS#8, RFC 5208 and RFC 5915), from and to locked memory only.</summary>
public static class P256Pem
{
    private const int LineLength = 64;
    private const string OidEcPublicKey = "1.2.840.10045.2.1";
    private const string OidP256 = "1.2.840.10045.3.1.7";

    private static ReadOnlySpan<byte> Begin => "-----BEGIN PRIVATE KEY-----"u8;

    private static ReadOnlySpan<byte> End => "-----END PRIVATE KEY-----"u8;

    // PrivateKeyInfo up to the scalar: version 0, ecPublicKey on prime256v1, then ECPrivateKey version 1.
    private static ReadOnlySpan<byte> BeforeScalar =>
    [
        0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
        0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
    ];

    // [1] BIT STRING of the public point.
    private static ReadOnlySpan<byte> BeforePoint => [0xa1, 0x44, 0x03, 0x42, 0x00];

    /// <summary>Writes a key as openssl does.</summary>
    /// <param name="scalar">32 bytes in 1 … n-1, in locked memory; stays the caller's to wipe.</param>
    /// <returns>ASCII text that the caller owns.</returns>
    /// <exception cref="CryptographicException">The bytes are no scalar of P-256.</exception>
    public static SecretBuffer Write(ReadOnlySpan<byte> scalar)
    {
        if (!P256Scalar.IsValid(scalar))
            throw P256Scalar.Invalid();

        using var der = SecretBuffer.Allocate(BeforeScalar.Length + scalar.Length + BeforePoint.Length + P256Curve.PointSize);
        var rest = Append(der.Span, BeforeScalar);
        rest = Append(rest, scalar);
        rest = Append(rest, BeforePoint);
        Append(rest, P256Curve.PublicPoint(scalar));

        using var base64 = SecretBuffer.Allocate(Base64.GetMaxEncodedToUtf8Length(der.Length));
        Base64.EncodeToUtf8(der.Span, base64.Span, out _, out var written);
        var lines = (written + LineLength - 1) / LineLength;
        var pem = SecretBuffer.Allocate(Begin.Length + 1 + written + lines + End.Length + 1);
        rest = Append(Append(pem.Span, Begin), "\n"u8);
        for (var at = 0; at < written; at += LineLength)
            rest = Append(Append(rest, base64.Span[at..Math.Min(at + LineLength, written)]), "\n"u8);
        Append(Append(rest, End), "\n"u8);
        return pem;
    }

    /// <summary>Reads the scalar of the first PRIVATE KEY block.</summary>
    /// <param name="pem">The file's bytes; stays the caller's to wipe.</param>
    /// <returns>32 bytes that the caller owns.</returns>
    /// <exception cref="CryptographicException">There is no such block, or it holds another kind of key.</exception>
    public static SecretBuffer ReadScalar(SecretBuffer pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        var text = (ReadOnlySpan<byte>)pem.Span;
        var begin = text.IndexOf(Begin);
        var body = begin < 0 ? default : text[(begin + Begin.Length)..];
        var end = body.IndexOf(End);
        if (begin < 0 || end < 0)
        {
            throw new CryptographicException(
                "no PRIVATE KEY block in PEM form was found; convert the key with: openssl pkcs8 -topk8 -nocrypt");
        }


        using var der = SecretBuffer.Allocate(Base64.GetMaxDecodedFromUtf8Length(end));
        if (Base64.DecodeFromUtf8(body[..end], der.Span, out _, out var written) != OperationStatus.Done)
            throw new CryptographicException("the PRIVATE KEY block is not valid base64; restore the file from its backup");

        try
        {
            return SecretBuffer.CopyOf(ScalarOf(der.Span[..written]));
        }
        catch (AsnContentException)
        {
            // The cause is not passed on: whatever it says is about a key.
            throw NotP256();
        }
    }

    private static ReadOnlySpan<byte> ScalarOf(ReadOnlySpan<byte> privateKeyInfo)
    {
        var info = Sequence(privateKeyInfo, out _);
        Skip(ref info);
        var algorithm = Sequence(info, out var consumed);
        var outer = AsnDecoder.ReadObjectIdentifier(algorithm, AsnEncodingRules.DER, out var first);
        if (outer != OidEcPublicKey
            || AsnDecoder.ReadObjectIdentifier(algorithm[first..], AsnEncodingRules.DER, out _) != OidP256
            || !AsnDecoder.TryReadPrimitiveOctetString(info[consumed..], AsnEncodingRules.DER, out var wrapped, out _))
            throw NotP256();

        var key = Sequence(wrapped, out _);
        Skip(ref key);
        return AsnDecoder.TryReadPrimitiveOctetString(key, AsnEncodingRules.DER, out var scalar, out _) && P256Scalar.IsValid(scalar)
            ? scalar
            : throw NotP256();
    }

    private static ReadOnlySpan<byte> Sequence(ReadOnlySpan<byte> source, out int consumed)
    {
        AsnDecoder.ReadSequence(source, AsnEncodingRules.DER, out var offset, out var length, out consumed);
        return source.Slice(offset, length);
    }

    private static void Skip(ref ReadOnlySpan<byte> source)
    {
        AsnDecoder.ReadEncodedValue(source, AsnEncodingRules.DER, out _, out _, out var consumed);
        source = source[consumed..];
    }

    private static CryptographicException NotP256() =>
        new("the PRIVATE KEY block holds no P-256 key; make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256");

    private static Span<byte> Append(Span<byte> destination, ReadOnlySpan<byte> part)
    {
        part.CopyTo(destination);
        return destination[part.Length..];
    }
}
