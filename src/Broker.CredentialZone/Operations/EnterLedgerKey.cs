using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>Enters a ledger certificate in the cluster's chain.</summary>
internal sealed class EnterLedgerKey(string metaKey, ReadOnlyMemory<byte> certificate) : StoreOperation<LedgerPoint>
{
    private LedgerPoint _end;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        context.Append(Block.ClusterChain, BlockKind.LedgerKey, new LedgerKeyRecord(certificate).Encode());
        context.Tables.SetMeta(metaKey, certificate.Span);
        _end = context.Point(Block.ClusterChain);
        return null;
    }

    /// <inheritdoc/>
    protected override LedgerPoint Finish() => _end;
}
