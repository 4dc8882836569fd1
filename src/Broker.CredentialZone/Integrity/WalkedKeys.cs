using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>The keys that may sign batches: each certified by the root and entered by the one before, the first by itself.</summary>
/// <param name="identify">The key of a certificate of role ledger as of a time; null where the certificate is refused.</param>
internal sealed class WalkedKeys(Func<ReadOnlyMemory<byte>, DateTimeOffset, PublicKey?> identify)
{
    private readonly Dictionary<Digest, PublicKey> _keys = [];

    /// <summary>The certificate that was entered last.</summary>
    public ReadOnlyMemory<byte> Last { get; private set; }

    /// <summary>A key that was entered.</summary>
    public PublicKey? Find(Digest fingerprint) => _keys.GetValueOrDefault(fingerprint);

    /// <summary>Enters the key of a block, where the batch that it came in says that it may be.</summary>
    public void Enter(Block block, Batch batch)
    {
        var certificate = Statement.Read<LedgerKeyRecord>(block.Body.Span).Certificate;
        if (identify(certificate, block.Time) is { } key &&
            (block.Position == 0 ? batch.LedgerKey == key.Fingerprint : _keys.ContainsKey(batch.LedgerKey)))
        {
            _keys[key.Fingerprint] = key;
            Last = certificate;
        }
    }
}
