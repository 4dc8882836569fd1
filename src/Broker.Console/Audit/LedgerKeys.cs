using Broker.Links.Identity;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.Console.Audit;

/// <summary>The keys that may sign batches: certificates of role ledger under the root, each entered by its predecessor.</summary>
internal sealed class LedgerKeys(LinkTrust trust)
{
    private readonly Dictionary<Digest, PublicKey> _keys = [];

    /// <summary>The installation's root.</summary>
    public LinkTrust Trust => trust;

    /// <summary>How many were entered.</summary>
    public int Count => _keys.Count;

    public PublicKey? Find(Digest fingerprint) => _keys.GetValueOrDefault(fingerprint);

    /// <summary>Enters the key of a ledger-key block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="batch">The batch that it came in.</param>
    /// <param name="isFirst">Whether it is the chain's first block, which alone may be signed by the key that it enters.</param>
    /// <param name="error">Makes the error at this block.</param>
    public void Enter(Block block, Batch batch, bool isFirst, Func<string, string, AuditException> error)
    {
        ReadOnlyMemory<byte> certificate;
        try
        {
            certificate = Statement.Read<LedgerKeyRecord>(block.Body.Span).Certificate;
        }
        catch (MalformedException)
        {
            throw error("body-malformed", "the block's body is not what its kind says");
        }

        if (!SignedByCertificate.TryIdentify([certificate], trust, block.Time, out var identity, out var refusal))
            throw error("ledger-certificate-refused", $"the ledger certificate is not of this root: {refusal.Code()}");
        if (identity.Role != LinkRole.Ledger)
            throw error("ledger-certificate-refused", "the certificate is not a ledger's");
        if (isFirst ? batch.LedgerKey != identity.Key.Fingerprint : !_keys.ContainsKey(batch.LedgerKey))
            throw error("ledger-key-unknown", "a new ledger key is entered by its predecessor, the first one by itself");
        _keys[identity.Key.Fingerprint] = identity.Key;
    }
}
