using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>Private scalars of P-256, 32 bytes big-endian, made and checked in locked memory.</summary>
public static class P256Scalar
{
    private static ReadOnlySpan<byte> Order =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    /// <summary>Draws a scalar by DeriveKeyPair from 32 random bytes.</summary>
    /// <param name="random">Where the bytes come from.</param>
    /// <returns>32 bytes that the caller owns.</returns>
    public static SecretBuffer Generate(RandomFill random)
    {
        ArgumentNullException.ThrowIfNull(random);
        using var seed = SecretBuffer.Allocate(P256Curve.ScalarSize);
        random(seed.Span);
        return Derive(seed.Span);
    }

    /// <summary>DeriveKeyPair of DHKEM(P-256, HKDF-SHA256), RFC 9180 section 7.1.3: the same input gives the same scalar.</summary>
    /// <param name="keyMaterial">Input key material, at least 32 bytes of entropy; secret, so locked memory.</param>
    /// <returns>32 bytes that the caller owns.</returns>
    /// <exception cref="ArgumentException">The input is shorter than 32 bytes.</exception>
    public static SecretBuffer Derive(ReadOnlySpan<byte> keyMaterial)
    {
        if (keyMaterial.Length < P256Curve.ScalarSize)
            throw new ArgumentException("key material for a P-256 key is at least 32 bytes", nameof(keyMaterial));

        using var prk = SecretBuffer.Allocate(Hkdf.HashSize);
        LabeledHkdf.Extract(LabeledHkdf.KemSuite, default, "dkp_prk"u8, keyMaterial, prk.Span);
        var scalar = SecretBuffer.Allocate(P256Curve.ScalarSize);
        try
        {
            FirstValidCandidate(prk.Span, scalar.Span);
            return scalar;
        }
        catch
        {
            scalar.Dispose();
            throw;
        }
    }

    /// <summary>Whether the bytes are a scalar in 1 … n-1; the time taken does not depend on them.</summary>
    /// <param name="scalar">A candidate.</param>
    /// <returns>False also where the length is not 32.</returns>
    public static bool IsValid(ReadOnlySpan<byte> scalar)
    {
        if (scalar.Length != P256Curve.ScalarSize)
            return false;

        int borrow = 0, any = 0;
        for (var i = P256Curve.ScalarSize - 1; i >= 0; i--)
        {
            any |= scalar[i];
            borrow = ((scalar[i] - Order[i] - borrow) >> 8) & 1;
        }

        return (borrow & ((any + 0xff) >> 8)) == 1;
    }

    internal static CryptographicException Invalid() =>
        new("this is not a private key of P-256: it must be 32 bytes, above zero and below the group's order");

    private static void FirstValidCandidate(ReadOnlySpan<byte> prk, Span<byte> scalar)
    {
        Span<byte> counter = stackalloc byte[1];
        // The bit mask of the RFC is 0xff for P-256: a candidate is used as it is. That all 256 miss has a probability of 2^-8192.
        for (var attempt = 0; attempt <= byte.MaxValue; attempt++)
        {
            counter[0] = (byte)attempt;
            LabeledHkdf.Expand(LabeledHkdf.KemSuite, prk, "candidate"u8, counter, scalar);
            if (IsValid(scalar))
                return;
        }

        throw new CryptographicException("no key could be derived from this key material; draw another");
    }
}
