using System.Security.Cryptography;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Ledger;

/// <summary>The key with which this node signs batches, and its certificate. Owns the key.</summary>
internal sealed class LedgerSigner : IDisposable
{
    private readonly ECDsa _key;

    /// <summary>Takes the key.</summary>
    /// <param name="key">A P-256 key; disposed with this object.</param>
    /// <param name="certificate">DER of its certificate.</param>
    public LedgerSigner(ECDsa key, ReadOnlyMemory<byte> certificate)
    {
        _key = key;
        Certificate = certificate;
        Key = PublicKey.From(key);
    }

    /// <summary>The public key.</summary>
    public PublicKey Key { get; }

    /// <summary>DER of the certificate.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>Signs: 64 bytes r ‖ s over SHA-256.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => _key.SignData(message, HashAlgorithmName.SHA256);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
