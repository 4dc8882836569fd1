namespace Broker.Secrets;

/// <summary>A private P-256 key that can agree on a shared secret, wherever it lives: in this process, or in an HSM.</summary>
public interface IKeyAgreement
{
    /// <summary>The public key: 65 bytes, uncompressed SEC1. Shared with the key: not to be written to.</summary>
    byte[] PublicKey { get; }

    /// <summary>Elliptic-curve Diffie–Hellman with a peer's public key (RFC 9180 section 7.1: DH of DHKEM(P-256)).</summary>
    /// <param name="peerPublicKey">The peer's 65-byte uncompressed point; it is validated.</param>
    /// <param name="sharedX">Receives the 32-byte x coordinate of the shared point; secret, so locked memory.</param>
    /// <exception cref="SealedDataException">The peer's key is no point of the curve (<see cref="SealFailure.InvalidPoint"/>).</exception>
    void Agree(ReadOnlySpan<byte> peerPublicKey, Span<byte> sharedX);
}
