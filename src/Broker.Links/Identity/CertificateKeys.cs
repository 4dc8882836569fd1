using System.Security.Cryptography.X509Certificates;
using Broker.Protocol.Encoding;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Identity;

/// <summary>The public key of a certificate, taken from its encoding: no platform key object is made in a handshake.</summary>
internal static class CertificateKeys
{
    private const string EllipticCurve = "1.2.840.10045.2.1";

    // DER of the named curve 1.2.840.10045.3.1.7 (RFC 5480, 2.1.1.1).
    private static ReadOnlySpan<byte> NamedP256 => [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

    public static bool IsP256(X509Certificate2 certificate) =>
        certificate.PublicKey.Oid.Value == EllipticCurve &&
        certificate.PublicKey.EncodedParameters is { } parameters && parameters.RawData.AsSpan().SequenceEqual(NamedP256);

    public static PublicKey? Read(X509Certificate2 certificate)
    {
        try
        {
            return IsP256(certificate) ? PublicKey.Parse(certificate.PublicKey.EncodedKeyValue.RawData) : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
