using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// The first head of a customer's next epoch. The custody record, the succession, the record of the request and the head come
/// together, signed by the new identity; administrators' signatures, which the zone verifies itself, ask for it. Rows and directory
/// stay as they are: they stand under the new head.
/// </summary>
/// <param name="change">The commit.</param>
internal sealed class BeginEpoch(ChangeSet change) : StoreOperation<CommitResult>
{
    private PendingBlock? _block;
    private LedgerPoint _point;

    /// <inheritdoc/>
    public override Name? Customer => change.Customer;

    /// <summary>Whether a commit begins an epoch.</summary>
    public static bool Is(ChangeSet change) => change.Changes.Any(static c => c.Key.Type == EntryKey.SuccessionType);

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        try
        {
            return Guard.UnlessOwner(context, change.Customer, change.Fence, out var customer) ?? Begin(context, customer);
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }
    }

    /// <inheritdoc/>
    protected override CommitResult Finish() => new(_point, _block!.Receipt);

    private StoreRefusal? Begin(WriteContext context, CustomerRecord customer)
    {
        var head = change.Head.Read<CustomerHead>();
        var epoch = checked(customer.Custody.Epoch + 1);
        var refusal = Guard.IfLocked(customer) ?? (context.IsNearlyFull ? Guard.StoreFull : null) ??
            Guard.UnlessCounter(customer, change.ExpectedCounter) ?? CommitChange.CheckHead(context, customer, head, epoch) ??
            EntryCheck.Form(change.Changes, context.Cluster, change.Customer) ?? Guard.IfRotating(context, customer);
        if (refusal is not null)
        {
            return refusal;
        }

        if (Find(EntryKey.Custody(epoch)) is not { } custody || Find(EntryKey.Succession(epoch)) is not { } succession ||
            change.Requests is not [var request] || !CustodyRule.IsOf(request, UserAction.Rotate) || change.RedeemsToken is not null ||
            change.Changes.Count != 3 || !CommitChange.BringsRequests(change) ||
            !change.Changes.Any(static c => c.Key.Type == EntryKey.RequestType))
        {
            return new(RefusalCode.EntryMismatch, "an epoch begins with its custody, its succession and the record of one request");
        }

        var record = custody.Read<CustodyRecord>();
        return Follows(customer, record, succession.Read<SuccessionRecord>(), request, out var administrators) ??
            Believe(context, customer, request, administrators) ??
            (change.Head.IsBy(record.Identity) && EntryCheck.AreSigned(change.Changes, record.Identity)
                ? null
                : Guard.BadSignature("head or an entry")) ??
            Apply(
                context, customer.Head.Root,
                customer with { SignedCustody = custody, Custody = record, SignedHead = change.Head, Head = head },
                request, succession);
    }

    private Signed? Find(EntryKey key) =>
        change.Changes.FirstOrDefault(c => c.Key == key) is { Statement: { } statement } found
            ? new Signed(statement, found.Signature) : null;

    private static StoreRefusal? Follows(
        CustomerRecord customer, CustodyRecord record, SuccessionRecord signed, SignedRequest request, out uint administrators)
    {
        var payload = Statement.Read<RotatePayload>(request.Payload.Span);
        payload.Validate();
        administrators = payload.AdministratorsRequired;
        var (old, succession) = (customer.Custody, signed.Read());
        if (payload.Epoch != record.Epoch || record.Revision != 1 || record.Plan != request.Hash || !record.Keeps(payload.Ways) ||
            record.AdministratorsRequired != payload.AdministratorsRequired || record.Identity.Equals(old.Identity) ||
            record.Intake.Equals(old.Intake) || succession.Epoch != record.Epoch || !succession.Old.Equals(old.Identity) ||
            !succession.New.Equals(record.Identity) || succession.Compromised != payload.Compromised)
        {
            return new(RefusalCode.PlanMismatch, "custody record or succession are not what the request asks for");
        }

        return signed.IsSigned(succession)
            ? null
            : new(RefusalCode.BadSignature, "the old identity does not sign the new one; it does, unless it is given up as compromised");
    }

    private static StoreRefusal? Believe(WriteContext context, CustomerRecord customer, SignedRequest request, uint administrators) =>
        UserRequests.Verify(context, customer, request, UserAction.Rotate, administrators).Refusal is { } code
            ? new(code, "the request to rotate is not believed")
            : CommitChange.Enter(context, customer, request);

    private StoreRefusal? Apply(WriteContext context, Digest before, CustomerRecord next, SignedRequest request, Signed succession)
    {
        if (EntryWriting.Apply(context, change.Customer, change.Changes, next.Head.Root, before) is { } mismatch)
        {
            return mismatch;
        }

        context.Put(next);
        _block = context.Append(
            change.Customer.Value, BlockKind.Rotated, new RotationRecord(request.Encode(), succession, change.Head).Encode());
        _point = context.Point(change.Customer.Value);
        return null;
    }
}
