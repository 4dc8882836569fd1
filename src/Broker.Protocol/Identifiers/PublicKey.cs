using System.Security.Cryptography;
using Broker.Protocol.Encoding;

namespace Broker.Protocol.Identifiers;

/// <summary>A P-256 public key: 65-byte uncompressed SEC1 point, checked to be on the curve. Equal by value.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>Bytes of the point.</summary>
    public const int Length = 65;

    /// <summary>Bytes of a signature, r ‖ s.</summary>
    public const int SignatureLength = 64;

    private readonly byte[] _point;
    private ECDsa? _verifier;

    private PublicKey(byte[] point)
    {
        _point = point;
        Fingerprint = Digest.Of(point);
    }

    /// <summary>The point.</summary>
    public ReadOnlyMemory<byte> Bytes => _point;

    /// <summary>SHA-256 of the point.</summary>
    public Digest Fingerprint { get; }

    /// <summary>Takes a point.</summary>
    /// <exception cref="MalformedException">It is not an uncompressed point of P-256.</exception>
    public static PublicKey Parse(ReadOnlySpan<byte> point)
    {
        if (point.Length != Length || point[0] != 4
            || !(SimulatedArithmetic.Current?.IsPoint(point) ?? P256Point.IsOnCurve(point[1..33], point[33..])))
        {
            throw new MalformedException("public key is not an uncompressed point of P-256");
        }

        return new PublicKey(point.ToArray());
    }

    /// <summary>The key of a certificate or another ECDSA object on P-256.</summary>
    public static PublicKey From(ECDsa key)
    {
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        return Parse([4, .. q.X!, .. q.Y!]);
    }

    /// <summary>Verifies an ECDSA signature over SHA-256 of <paramref name="message"/>.</summary>
    /// <param name="message">What was signed.</param>
    /// <param name="signature">64 bytes r ‖ s; another length is simply not valid.</param>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureLength &&
        (SimulatedArithmetic.Current?.Verify(this, message, signature) ?? Verifier().VerifyData(
            message, signature, HashAlgorithmName.SHA256));

    /// <summary>Creates the platform's object of this key, for a certificate.</summary>
    public ECDsa ToEcdsa() => ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = _point[1..33], Y = _point[33..] },
    });

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && Fingerprint == other.Fingerprint;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Fingerprint.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => Fingerprint.ToString();

    // OpenSSL's verify does not change the key, so one object serves all threads; the race makes at most a second one.
    private ECDsa Verifier() => _verifier ??= ToEcdsa();
}
