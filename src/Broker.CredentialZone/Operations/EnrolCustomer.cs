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

/// <summary>What enrolment and commits return.</summary>
/// <param name="Ledger">The end of the customer's chain after it.</param>
/// <param name="Receipt">The receipt of its block.</param>
internal sealed record CommitResult(LedgerPoint Ledger, Receipt Receipt);

/// <summary>
/// A customer's first commit. Who signed the plan is verified before, by its certificate; here plan, custody record, claim, head
/// and first entries must say the same, signed by the one identity key that the record names.
/// </summary>
/// <param name="plan">The signed <see cref="EnrolmentPlan"/>.</param>
/// <param name="claim">A signed <see cref="Claim"/> with fence 1.</param>
/// <param name="head">The signed head with counter 1.</param>
/// <param name="custody">The signed <see cref="CustodyRecord"/> of epoch 1; it stands among the changes too.</param>
/// <param name="changes">The custody record and the plan's administrators, nothing else.</param>
internal sealed class EnrolCustomer(Signed plan, Signed claim, Signed head, Signed custody, IReadOnlyList<EntryChange> changes)
    : StoreOperation<CommitResult>
{
    private PendingBlock? _block;
    private LedgerPoint _point;

    /// <inheritdoc/>
    public override IEnumerable<string> Locks(WriteContext context)
    {
        try
        {
            return [plan.Read<EnrolmentPlan>().Customer.Value];
        }
        catch (MalformedException)
        {
            // The run refuses it.
            return [];
        }
    }

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        try
        {
            return Enrol(
                context, plan.Read<EnrolmentPlan>(), claim.Read<Claim>(), head.Read<CustomerHead>(), custody.Read<CustodyRecord>());
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }
    }

    /// <inheritdoc/>
    protected override CommitResult Finish() => new(_point, _block!.Receipt);

    private StoreRefusal? Enrol(WriteContext context, EnrolmentPlan asked, Claim claimed, CustomerHead first, CustodyRecord record)
    {
        asked.Validate();
        var customer = asked.Customer;
        var refusal = Problem(context, asked, claimed, first, record) ?? EntryCheck.Form(changes, context.Cluster, customer);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!custody.IsBy(record.Identity) || !head.IsBy(record.Identity) || !claim.IsBy(record.Identity) ||
            !EntryCheck.AreSigned(changes, record.Identity))
        {
            return Guard.BadSignature("custody record, head, claim or an entry");
        }

        context.Put(new CustomerRecord(
            customer, 1, claimed.Node, claimed.Incarnation, 0, 0, custody, record, head, first, 0, 0, 0, 0));
        if (EntryWriting.Apply(context, customer, changes, first.Root) is { } mismatch)
        {
            return mismatch;
        }

        var cause = new SignedRecord(plan).Encode();
        _block = context.Append(customer.Value, BlockKind.Enrolled, new ChangeRecord([cause], head).Encode());
        context.Append(customer.Value, BlockKind.Claim, new SignedRecord(claim).Encode());
        _point = context.Point(customer.Value);
        return null;
    }

    private StoreRefusal? Problem(WriteContext context, EnrolmentPlan asked, Claim claimed, CustomerHead first, CustodyRecord record)
    {
        var (cluster, customer) = (context.Cluster, asked.Customer);
        return 0 switch
        {
            _ when asked.Cluster != cluster || record.Cluster != cluster || claimed.Cluster != cluster || first.Cluster != cluster ||
                record.Customer != customer || claimed.Customer != customer || first.Customer != customer ||
                record.Epoch != 1 || claimed.Epoch != 1 || first.Epoch != 1 => Guard.Misaddressed("plan, custody record, claim or head"),
            _ when context.IsNearlyFull => Guard.StoreFull,
            _ when context.Find(customer) is not null => new(RefusalCode.CustomerExists, "the customer is enrolled already"),
            _ when asked.NotAfter + RequestVerifier.ClockSkew < context.Now =>
                new(RefusalCode.PlanExpired, "the plan's time is over; begin the enrolment again"),
            _ when record.Plan != plan.Hash || record.Revision != 1 || !record.Keeps(asked.Ways) ||
                record.AdministratorsRequired != asked.AdministratorsRequired ||
                claimed.Incarnation != asked.Incarnation || !EntriesFollow(asked, customer) =>
                new(RefusalCode.PlanMismatch, "custody record, claim or entries are not what the plan asks for"),
            _ when claimed.Fence != 1 || claimed.LiftedGeneration != 0 =>
                new(RefusalCode.WrongFence, "the claim of an enrolment has fence 1 and lifts nothing"),
            _ when first.Counter != 1 || first.LedgerPosition != 0 || first.LedgerHash != Digest.Zero =>
                new(RefusalCode.WrongHead, "the first head has counter 1 and an empty ledger"),
            _ => null,
        };
    }

    private bool EntriesFollow(EnrolmentPlan asked, Name customer)
    {
        var expected = new Dictionary<EntryKey, byte[]> { [EntryKey.Custody(1)] = custody.Statement.ToArray() };
        foreach (var administrator in asked.Administrators)
        {
            expected[EntryKey.User(administrator.Name)] =
                new UserEntry(asked.Cluster, customer, administrator.Name, Role.Administrator, administrator.Key).Encode();
        }

        return changes.Count == expected.Count && changes.All(change =>
            change.Statement is { } statement && expected.TryGetValue(change.Key, out var bytes) && statement.Span.SequenceEqual(bytes));
    }
}
