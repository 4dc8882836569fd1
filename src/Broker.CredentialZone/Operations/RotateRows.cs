using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Operations;

/// <summary>What a rotation is given.</summary>
/// <param name="Receipt">The receipt of the intent's block; null where there is no row.</param>
/// <param name="Rows">Rows of earlier epochs.</param>
internal sealed record RotatedRows(Receipt? Receipt, IReadOnlyList<EntryRecord> Rows);

/// <summary>
/// Gives the owner the next rows of earlier epochs to encrypt anew, in the transaction that records the intent (I6), one intent a
/// batch. While no rotation is unfinished there are none, so this gives nothing that a release would have had to account for.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
internal sealed class RotateRows(Name customerName, ulong fence) : StoreOperation<RotatedRows>
{
    private List<EntryRecord> _rows = [];
    private PendingBlock? _block;

    /// <inheritdoc/>
    public override Name? Customer => customerName;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        _block = null;
        var refusal = Guard.UnlessOwner(context, customerName, fence, out var customer) ?? Guard.IfLocked(customer) ??
            (context.IsNearlyFull ? Guard.StoreFull : null);
        if (refusal is not null)
        {
            return refusal;
        }

        _rows = Fitting(context.Tables.OldRows(customerName, customer.Custody.Epoch, RotationIntent.MaxRows));
        if (_rows.Count > 0)
        {
            var intent = new RotationIntent(
                customer.Custody.Epoch, customer.Fence, customer.LockGeneration, customer.Head.Counter,
                [.. _rows.Select(static r => TreeHash.Leaf(r.Key.LeafKey, Digest.Of(r.Statement.Span)))]);
            _block = context.Append(customerName.Value, BlockKind.Rotation, intent.Encode());
        }

        return null;
    }

    /// <inheritdoc/>
    protected override RotatedRows Finish() => new(_block?.Receipt, _rows);

    private static List<EntryRecord> Fitting(IReadOnlyList<EntryRecord> rows)
    {
        var (fitting, bytes) = (new List<EntryRecord>(), 0L);
        foreach (var row in rows)
        {
            bytes += row.Statement.Length;
            if (fitting.Count > 0 && bytes > ZoneLimits.MaxReleaseBytes)
            {
                break;
            }

            fitting.Add(row);
        }

        return fitting;
    }
}
