namespace Broker.Secrets;

/// <summary>The key pair that follows from what a holder keeps: <c>DeriveKeyPair(Expand(kept, info, 32))</c>.</summary>
internal static class CustodyProof
{
    /// <summary>The key, owned by the caller.</summary>
    public static P256PrivateKey Key(ReadOnlySpan<byte> kept, ReadOnlySpan<byte> info)
    {
        using var material = SecretBuffer.Allocate(32);
        Hkdf.Expand(kept, info, material.Span);
        using var scalar = P256Scalar.Derive(material.Span);
        return P256PrivateKey.FromScalar(scalar);
    }
}
