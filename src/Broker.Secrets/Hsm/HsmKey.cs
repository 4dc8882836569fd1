namespace Broker.Secrets;

/// <summary>
/// A P-256 key in a token, whose agreements run there. Thread-safe; good while the <see cref="HsmToken"/> that gave it is.
/// </summary>
public sealed class HsmKey : IKeyAgreement
{
    private readonly HsmToken _token;
    private readonly ulong _handle;

    internal HsmKey(HsmToken token, ulong handle, byte[] publicKey, bool wasAlwaysInside) =>
        (_token, _handle, PublicKey, WasAlwaysInside) = (token, handle, publicKey, wasAlwaysInside);

    /// <inheritdoc/>
    public byte[] PublicKey { get; }

    /// <summary>Whether the token says that it made the key and never let it out; false for a key that was imported.</summary>
    public bool WasAlwaysInside { get; }

    /// <inheritdoc/>
    /// <exception cref="HsmException">The token failed, or did not answer in time.</exception>
    public void Agree(ReadOnlySpan<byte> peerPublicKey, Span<byte> sharedX)
    {
        if (sharedX.Length != P256PrivateKey.SharedSize)
            throw new ArgumentException("a shared secret of P-256 is 32 bytes", nameof(sharedX));

        // Tokens differ in what they say to a point off the curve, and some say nothing: it is checked here.
        P256Curve.PublicKey(peerPublicKey).Dispose();
        using var shared = _token.Agree(_handle, peerPublicKey.ToArray());
        shared.Span.CopyTo(sharedX);
    }
}
