using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Records that a row of a backup is about to be opened. The owner opens it only with the receipt, so none is opened while a lock stands,
/// under an old fence, or faster than rows are released: the two share their rate.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="node">The calling node.</param>
/// <param name="signed">A <see cref="BackupCheck"/>.</param>
internal sealed class AppendBackupCheck(Name customerName, ulong fence, Name node, Signed signed) : StoreOperation<CommitResult>
{
    private PendingBlock? _block;
    private LedgerPoint _point;

    /// <inheritdoc/>
    public override Name? Customer => customerName;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        if ((Guard.UnlessOwner(context, customerName, fence, out var customer) ?? Guard.IfLocked(customer)) is { } refusal)
        {
            return refusal;
        }

        BackupCheck check;
        try
        {
            check = signed.Read<BackupCheck>();
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }

        var minute = Math.Max(customer.RateMinute, context.Now.ToUnixTimeSeconds() / 60);
        var count = minute == customer.RateMinute ? customer.RateCount : 0;
        refusal = 0 switch
        {
            _ when check.Cluster != context.Cluster || check.Customer != customerName || check.Epoch != customer.Custody.Epoch =>
                Guard.Misaddressed("check"),
            _ when check.Node != node || customer.OwnerNode != node =>
                new(RefusalCode.WrongNode, "the check is in the name of another node than the owner that sent it"),
            _ when check.Fence != customer.Fence || check.LockGeneration != customer.LockGeneration =>
                new(RefusalCode.StaleFence, "the check was decided under another fence or lock generation; ask again"),
            _ when !signed.IsBy(customer.Custody.Identity) => Guard.BadSignature("check"),
            _ when context.IsNearlyFull => Guard.StoreFull,
            _ when count >= context.Limits.ReleasesPerMinute =>
                new(RefusalCode.RateExceeded, "the customer's releases of this minute are used up; try again in the next one"),
            _ => null,
        };
        if (refusal is not null)
        {
            return refusal;
        }

        _block = context.Append(customerName.Value, BlockKind.BackupCheck, new SignedRecord(signed).Encode());
        _point = context.Point(customerName.Value);
        context.Put(customer with { RateMinute = minute, RateCount = count + 1 });
        return null;
    }

    /// <inheritdoc/>
    protected override CommitResult Finish() => new(_point, _block!.Receipt);
}
