using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Transfer;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Records that a customer's secret is about to go over to another holder. The owner seals it only with the receipt, so none goes over
/// while a lock stands, under an old fence, or faster than rows are released. Who is admitted is decided at the key.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="node">The calling node.</param>
/// <param name="record">The <see cref="TransferRecord"/>.</param>
internal sealed class AppendTransfer(Name customerName, ulong fence, Name node, TransferRecord record) : StoreOperation<CommitResult>
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

        TransferIntent intent;
        try
        {
            intent = record.Intent.Read<TransferIntent>();
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }

        var minute = Math.Max(customer.RateMinute, context.Now.ToUnixTimeSeconds() / 60);
        var count = minute == customer.RateMinute ? customer.RateCount : 0;
        refusal = 0 switch
        {
            _ when intent.Cluster != context.Cluster || intent.Customer != customerName || intent.Epochs[^1] != customer.Custody.Epoch =>
                Guard.Misaddressed("transfer"),
            _ when intent.HolderNode != node || customer.OwnerNode != node || customer.OwnerIncarnation != intent.Holder =>
                new(RefusalCode.WrongNode, "the transfer is in the name of another node than the owner that sent it"),
            _ when intent.Fence != customer.Fence || intent.LockGeneration != customer.LockGeneration =>
                new(RefusalCode.StaleFence, "the transfer was decided under another fence or lock generation; ask again"),
            _ when !record.Intent.IsBy(customer.Custody.Identity) => Guard.BadSignature("transfer"),
            _ when record.Request.Hash != intent.Request =>
                new(RefusalCode.Malformed, "the request is not the one that the transfer names"),
            _ when context.IsNearlyFull => Guard.StoreFull,
            _ when count >= context.Limits.ReleasesPerMinute =>
                new(RefusalCode.RateExceeded, "the customer's releases of this minute are used up; try again in the next one"),
            _ => null,
        };
        if (refusal is not null)
        {
            return refusal;
        }

        _block = context.Append(customerName.Value, BlockKind.Transfer, record.Encode());
        _point = context.Point(customerName.Value);
        context.Put(customer with { RateMinute = minute, RateCount = count + 1 });
        return null;
    }

    /// <inheritdoc/>
    protected override CommitResult Finish() => new(_point, _block!.Receipt);
}
