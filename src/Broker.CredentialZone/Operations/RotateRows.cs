using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>What a rotation is given.</summary>
/// <param name="Receipt">The receipt of the intent's block; null where there is no row.</param>
/// <param name="Rows">Rows of earlier epochs.</param>
/// <param name="Head">The head under which they are proven; null where no proof was asked for.</param>
/// <param name="Proof">The encoding of a <see cref="BatchProof"/> of the rows; empty where there is none.</param>
internal sealed record RotatedRows(
    Receipt? Receipt, IReadOnlyList<EntryRecord> Rows, Signed? Head = null, ReadOnlyMemory<byte> Proof = default);

/// <summary>
/// Gives the owner the next rows of earlier epochs to encrypt anew, in the transaction that records the intent (I6), one intent a
/// batch. While no rotation is unfinished there are none, so this gives nothing that a release would have had to account for.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="skip">How many of the next rows the caller has already.</param>
/// <param name="maxRows">Most rows; 0 for the few, without proof, that a caller of the version before takes.</param>
internal sealed class RotateRows(Name customerName, ulong fence, uint skip = 0, uint maxRows = 0) : StoreOperation<RotatedRows>
{
    private RotatedRows _result = new(null, []);
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

        var limit = (int)(maxRows == 0 ? RotationIntent.MaxRowsUnasked : Math.Min(maxRows, RotationIntent.MaxRows));
        var rows = Fitting(context.Tables.OldRows(customerName, customer.Custody.Epoch, (int)Math.Min(skip, ZoneLimits.MaxKeys), limit));
        var given = rows.ConvertAll(static r => (Row: r, Value: Digest.Of(r.Statement.Span)));
        given.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Row.LeafKey, b.Row.LeafKey));
        var leaves = given.ConvertAll(static g => (Key: g.Row.LeafKey, g.Value));
        _result = new RotatedRows(null, rows);
        if (maxRows > 0)
        {
            _result = _result with { Head = customer.SignedHead };
        }

        if (rows.Count > 0)
        {
            if (maxRows > 0)
            {
                _result = _result with { Proof = context.Prove(customerName, customer.Head.Root, leaves) };
            }

            // Proven, so that they are what stands there now.
            context.Given.Remember(customerName, customer.Head.Root, maxRows > 0 ? rows : []);
            var intent = new RotationIntent(
                customer.Custody.Epoch, customer.Fence, customer.LockGeneration, customer.Head.Counter,
                leaves.ConvertAll(static l => TreeHash.Leaf(l.Key, l.Value)));
            _block = context.Append(customerName.Value, BlockKind.Rotation, intent.Encode());
        }

        else
        {
            context.Given.Clear();
        }

        return null;
    }

    /// <inheritdoc/>
    protected override RotatedRows Finish() => _result with { Receipt = _block?.Receipt };

    private static List<EntryRecord> Fitting(IReadOnlyList<EntryRecord> rows)
    {
        var (fitting, bytes) = (new List<EntryRecord>(rows.Count), 0L);
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
