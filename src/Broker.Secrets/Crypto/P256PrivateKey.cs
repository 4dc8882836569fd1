using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>
/// A private P-256 key inside the crypto library, made from locked memory and cleared when disposed: agreement and ECDSA with SHA-256.
/// Thread-safe, but for <see cref="Dispose"/> while another call runs.
/// </summary>
/// <remarks>
/// While it lives the library holds the scalar in memory of its own; keep it for as long as it is used and no longer. No member gives
/// the scalar out.
/// </remarks>
public sealed unsafe class P256PrivateKey : IKeyAgreement, IDisposable
{
    /// <summary>Bytes of a signature: r ‖ s, 32 each, big-endian.</summary>
    public const int SignatureSize = P256Curve.SignatureSize;

    /// <summary>Bytes of a public key: 0x04 ‖ x ‖ y.</summary>
    public const int PublicKeySize = P256Curve.PointSize;

    /// <summary>Bytes of what <see cref="Agree"/> yields.</summary>
    public const int SharedSize = 32;

    private readonly SafeKey _key;

    private P256PrivateKey(SafeKey key, byte[] publicKey)
    {
        _key = key;
        PublicKey = publicKey;
    }

    /// <inheritdoc/>
    public byte[] PublicKey { get; }

    /// <summary>A key of its scalar. The buffer stays the caller's to wipe.</summary>
    /// <param name="scalar">32 bytes big-endian, 1 … n-1, in locked memory.</param>
    /// <returns>A key that the caller disposes.</returns>
    /// <exception cref="CryptographicException">The bytes are no scalar of P-256.</exception>
    public static P256PrivateKey FromScalar(ReadOnlySpan<byte> scalar)
    {
        if (!P256Scalar.IsValid(scalar))
            throw P256Scalar.Invalid();

        var publicKey = SimulatedSecrets.Current?.PointOf(scalar) ?? P256Curve.PublicPoint(scalar);
        return FromScalar(scalar, publicKey);
    }

    /// <summary>As the other, without deriving the point again: for a key that is imported at every use.</summary>
    /// <param name="scalar">A scalar that was valid before.</param>
    /// <param name="publicKey">Its point; not copied.</param>
    internal static P256PrivateKey FromScalar(ReadOnlySpan<byte> scalar, byte[] publicKey) =>
        new(SimulatedSecrets.Current?.PointOf(scalar) is null ? P256Curve.KeyPair(scalar, publicKey) : new SafeKey(0), publicKey);

    /// <summary>A key of its scalar. The buffer stays the caller's to wipe.</summary>
    /// <param name="scalar">32 bytes big-endian, 1 … n-1.</param>
    /// <returns>A key that the caller disposes.</returns>
    /// <exception cref="CryptographicException">The bytes are no scalar of P-256.</exception>
    public static P256PrivateKey FromScalar(SecretBuffer scalar)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        return FromScalar(scalar.Span);
    }

    /// <summary>A key of a PEM file that was read into locked memory. The buffer stays the caller's to wipe.</summary>
    /// <param name="pem">A "PRIVATE KEY" block (PKCS#8, not encrypted) with a P-256 key.</param>
    /// <returns>A key that the caller disposes.</returns>
    /// <exception cref="CryptographicException">There is no such block, or it holds another kind of key.</exception>
    public static P256PrivateKey FromPkcs8Pem(SecretBuffer pem)
    {
        using var scalar = P256Pem.ReadScalar(pem);
        return FromScalar(scalar);
    }

    /// <summary>A new key. One to keep begins with <see cref="P256Scalar.Generate"/>, which <see cref="P256Pem"/> writes.</summary>
    /// <param name="random">Where the bytes come from.</param>
    /// <returns>A key that the caller disposes.</returns>
    public static P256PrivateKey Generate(RandomFill random)
    {
        using var scalar = P256Scalar.Generate(random);
        return FromScalar(scalar);
    }

    /// <summary>DeriveKeyPair of RFC 9180 section 7.1.3: the same input gives the same key.</summary>
    /// <param name="keyMaterial">At least 32 bytes, secret, in locked memory.</param>
    /// <returns>A key that the caller disposes.</returns>
    public static P256PrivateKey DeriveKeyPair(ReadOnlySpan<byte> keyMaterial)
    {
        using var scalar = P256Scalar.Derive(keyMaterial);
        return FromScalar(scalar);
    }

    /// <inheritdoc/>
    public void Agree(ReadOnlySpan<byte> peerPublicKey, Span<byte> sharedX)
    {
        if (sharedX.Length != SharedSize)
            throw new ArgumentException("a shared secret of P-256 is 32 bytes", nameof(sharedX));

        if (SimulatedSecrets.Current?.Agrees(PublicKey, peerPublicKey, sharedX) == true)
            return;

        using var peer = P256Curve.PublicKey(peerPublicKey);
        var context = LibCrypto.NewContext(0, _key, 0);
        LibCrypto.Check(context != 0, "EVP_PKEY_CTX_new_from_pkey");
        try
        {
            LibCrypto.Check(LibCrypto.DeriveInit(context) == 1, "EVP_PKEY_derive_init");
            // The point was checked when it was read: on the curve, not infinity. The cofactor is 1, so it is in the group, and the
            // library's own validation would only multiply it by the order once more.
            LibCrypto.Check(LibCrypto.DeriveSetPeer(context, peer, validate: 0) == 1, "EVP_PKEY_derive_set_peer");
            nuint length = SharedSize;
            fixed (byte* shared = sharedX)
                LibCrypto.Check(LibCrypto.Derive(context, shared, ref length) == 1 && length == SharedSize, "EVP_PKEY_derive");
        }
        finally
        {
            LibCrypto.FreeContext(context);
        }
    }

    /// <summary>Signs with ECDSA over SHA-256 of the message.</summary>
    /// <param name="message">Any length; not kept.</param>
    /// <param name="signature">Receives r ‖ s, 64 bytes.</param>
    public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        if (SimulatedSecrets.Current?.Signs(PublicKey, message, signature) == true)
            return;

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message, hash);
        SignHash(hash, signature);
    }

    /// <summary>Signs a SHA-256 hash with ECDSA.</summary>
    /// <param name="hash">32 bytes.</param>
    /// <param name="signature">Receives r ‖ s, 64 bytes.</param>
    public void SignHash(ReadOnlySpan<byte> hash, Span<byte> signature)
    {
        if (hash.Length != SHA256.HashSizeInBytes)
            throw new ArgumentException("a SHA-256 hash is 32 bytes", nameof(hash));
        if (signature.Length != SignatureSize)
            throw new ArgumentException("a signature is 64 bytes", nameof(signature));

        var context = LibCrypto.NewContext(0, _key, 0);
        LibCrypto.Check(context != 0, "EVP_PKEY_CTX_new_from_pkey");
        try
        {
            LibCrypto.Check(LibCrypto.SignInit(context) == 1, "EVP_PKEY_sign_init");
            Span<byte> encoded = stackalloc byte[DerSignature.LargestSize];
            var length = (nuint)encoded.Length;
            fixed (byte* to = encoded, from = hash)
                LibCrypto.Check(LibCrypto.Sign(context, to, ref length, from, (nuint)hash.Length) == 1, "EVP_PKEY_sign");
            DerSignature.ToFixed(encoded[..(int)length], signature);
        }
        finally
        {
            LibCrypto.FreeContext(context);
        }
    }

    /// <summary>Frees the key, which clears the scalar.</summary>
    public void Dispose() => _key.Dispose();
}
