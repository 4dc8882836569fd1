using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Ledger;

/// <summary>Signs a message: 64 bytes r ‖ s over its SHA-256.</summary>
internal delegate byte[] Sign(ReadOnlySpan<byte> message);

/// <summary>The key with which this node signs batches, and its certificate. Owns the key.</summary>
/// <param name="key">The public half.</param>
/// <param name="certificate">DER of the certificate.</param>
/// <param name="sign">Signs with the private half.</param>
/// <param name="owned">What holds the private half; disposed with this object.</param>
internal sealed class LedgerSigner(PublicKey key, ReadOnlyMemory<byte> certificate, Sign sign, IDisposable owned) : IDisposable
{
    /// <summary>The public key.</summary>
    public PublicKey Key => key;

    /// <summary>DER of the certificate.</summary>
    public ReadOnlyMemory<byte> Certificate => certificate;

    /// <summary>Signs a batch's statement.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => sign(message);

    /// <inheritdoc/>
    public void Dispose() => owned.Dispose();
}
