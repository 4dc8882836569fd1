using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>Enters a ledger certificate in the cluster's chain, once, also where several nodes start with it at a time.</summary>
/// <param name="metaKey">Where the certificate is noted that signs now.</param>
/// <param name="before">The one that was noted when this was decided, or null.</param>
/// <param name="certificate">The new one.</param>
internal sealed class EnterLedgerKey(string metaKey, byte[]? before, ReadOnlyMemory<byte> certificate) : StoreOperation<LedgerPoint>
{
    private LedgerPoint _end;

    /// <inheritdoc/>
    public override IEnumerable<string> Locks(WriteContext context) => [Block.ClusterChain];

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        _end = context.Point(Block.ClusterChain);
        var noted = context.Tables.Meta(metaKey);
        if (noted is not null && certificate.Span.SequenceEqual(noted))
        {
            return null;
        }

        if (!noted.AsSpan().SequenceEqual(before))
        {
            return new(RefusalCode.LedgerKeyChanged, "another node has entered another ledger key; start this one with that key");
        }

        context.Append(Block.ClusterChain, BlockKind.LedgerKey, new LedgerKeyRecord(certificate).Encode());
        context.Tables.SetMeta(metaKey, certificate.Span);
        _end = context.Point(Block.ClusterChain);
        return null;
    }

    /// <inheritdoc/>
    protected override LedgerPoint Finish() => _end;
}
