namespace Broker.Secrets;

/// <summary>
/// Hybrid public key encryption, base mode, in one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180). Keys, secrets
/// and plaintext lie in locked memory throughout.
/// </summary>
public static class Hpke
{
    /// <summary>Bytes of an encapsulated key: an uncompressed point.</summary>
    public const int EncapsulationSize = P256Curve.PointSize;

    /// <summary>Bytes that <see cref="Seal"/> adds to a plaintext: encapsulated key and tag.</summary>
    public const int Overhead = EncapsulationSize + AesGcm256.TagSize;

    /// <summary>SetupBaseS, RFC 9180 section 5.1.1: begins a context to a receiver, with a fresh ephemeral key.</summary>
    /// <param name="publicKey">The receiver's 65-byte public key.</param>
    /// <param name="info">What the context is for; both ends must give the same.</param>
    /// <param name="random">Where the ephemeral key comes from.</param>
    /// <returns>The encapsulated key (65 bytes, to be sent) and the context, which the caller disposes.</returns>
    /// <exception cref="SealedDataException">The receiver's key is no point of the curve.</exception>
    public static (byte[] Encapsulation, HpkeContext Context) SetupBaseS(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> info, RandomFill random)
    {
        using var ephemeral = P256PrivateKey.Generate(random);
        return (ephemeral.PublicKey, SetupBaseS(publicKey, info, ephemeral));
    }

    /// <summary>SetupBaseR, RFC 9180 section 5.1.1: the receiver's end of a context.</summary>
    /// <param name="key">The receiver's private key.</param>
    /// <param name="encapsulation">The encapsulated key as sent.</param>
    /// <param name="info">As the sender gave it.</param>
    /// <returns>The context, which the caller disposes.</returns>
    /// <exception cref="SealedDataException">The encapsulated key is no point (<see cref="SealFailure.InvalidPoint"/>).</exception>
    public static HpkeContext SetupBaseR(IKeyAgreement key, ReadOnlySpan<byte> encapsulation, ReadOnlySpan<byte> info)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Setup(key, encapsulation, encapsulation, key.PublicKey, info, isSender: false);
    }

    /// <summary>Seals one message to a public key (RFC 9180 section 6.1).</summary>
    /// <param name="publicKey">The receiver's 65-byte public key.</param>
    /// <param name="info">What the message is for.</param>
    /// <param name="associatedData">What to authenticate besides.</param>
    /// <param name="plaintext">What to seal, locked memory.</param>
    /// <param name="random">Where the ephemeral key comes from.</param>
    /// <returns>Encapsulated key ‖ ciphertext ‖ tag: <see cref="Overhead"/> bytes longer than the plaintext.</returns>
    /// <exception cref="SealedDataException">The receiver's key is no point of the curve.</exception>
    public static byte[] Seal(
        ReadOnlySpan<byte> publicKey,
        ReadOnlySpan<byte> info,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        RandomFill random)
    {
        var (encapsulation, context) = SetupBaseS(publicKey, info, random);
        using (context)
        {
            var result = new byte[Overhead + plaintext.Length];
            encapsulation.CopyTo(result, 0);
            context.Seal(associatedData, plaintext, result.AsSpan(EncapsulationSize));
            return result;
        }
    }

    /// <summary>Opens what <see cref="Seal"/> gave.</summary>
    /// <param name="key">The receiver's private key.</param>
    /// <param name="info">As the sender gave it.</param>
    /// <param name="associatedData">As the sender gave it.</param>
    /// <param name="sealedData">Encapsulated key ‖ ciphertext ‖ tag.</param>
    /// <returns>The plaintext, which the caller owns.</returns>
    /// <exception cref="SealedDataException">Too short, a key off the curve, or not authentic, as its reason says.</exception>
    public static SecretBuffer Open(
        IKeyAgreement key, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedData)
    {
        if (sealedData.Length < Overhead || sealedData.Length - Overhead > SecretMemory.LargestLength)
            throw new SealedDataException(SealFailure.Malformed);

        using var context = SetupBaseR(key, sealedData[..EncapsulationSize], info);
        return context.Open(associatedData, sealedData[EncapsulationSize..]);
    }

    /// <summary>The sender's end with an ephemeral key that is given: for test vectors.</summary>
    internal static HpkeContext SetupBaseS(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> info, P256PrivateKey ephemeral) =>
        Setup(ephemeral, publicKey, ephemeral.PublicKey, publicKey, info, isSender: true);

    private static HpkeContext Setup(
        IKeyAgreement own,
        ReadOnlySpan<byte> peer,
        ReadOnlySpan<byte> encapsulation,
        ReadOnlySpan<byte> receiver,
        ReadOnlySpan<byte> info,
        bool isSender)
    {
        using var secrets = SecretBuffer.Allocate(P256PrivateKey.SharedSize + Hkdf.HashSize + Hkdf.HashSize);
        var agreed = secrets.Span[..P256PrivateKey.SharedSize];
        var prk = secrets.Span.Slice(P256PrivateKey.SharedSize, Hkdf.HashSize);
        var shared = secrets.Span[^Hkdf.HashSize..];

        own.Agree(peer, agreed);
        Span<byte> kemContext = stackalloc byte[2 * P256Curve.PointSize];
        encapsulation.CopyTo(kemContext);
        receiver.CopyTo(kemContext[P256Curve.PointSize..]);
        LabeledHkdf.Extract(LabeledHkdf.KemSuite, default, "eae_prk"u8, agreed, prk);
        LabeledHkdf.Expand(LabeledHkdf.KemSuite, prk, "shared_secret"u8, kemContext, shared);
        return HpkeContext.Schedule(shared, info, isSender);
    }
}
