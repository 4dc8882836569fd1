using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Appends how hand-offs and uses ended: all of one statement as one block, or none. Repeating a statement is done without effect;
/// another outcome for the same hand-off is a conflict. Accepted while a lock stands and in the space that is reserved for it.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="signed">Signed <see cref="Outcomes"/>.</param>
internal sealed class AppendOutcomes(Name customerName, ulong fence, Signed signed) : StoreOperation<LedgerPoint>
{
    private LedgerPoint _point;
    private PublicKey? _verified;

    /// <inheritdoc/>
    public override Name? Customer => customerName;

    /// <inheritdoc/>
    public override bool IsSignedByCustomer => true;

    /// <inheritdoc/>
    public override void Verify(PublicKey identity)
    {
        if (signed.IsBy(identity))
        {
            _verified = identity;
        }
    }

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        if (Guard.UnlessOwner(context, customerName, fence, out var customer) is { } refusal)
        {
            return refusal;
        }

        if (!customer.Custody.Identity.Equals(_verified) && !signed.IsBy(customer.Custody.Identity))
        {
            return Guard.BadSignature("outcomes");
        }

        try
        {
            var outcomes = signed.Read<Outcomes>();
            if (outcomes.Cluster != context.Cluster || outcomes.Customer != customerName)
            {
                return Guard.Misaddressed("outcomes");
            }

            if (Append(context, outcomes.Items) is { } refused)
            {
                return refused;
            }
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }

        _point = context.Point(customerName.Value);
        return null;
    }

    /// <inheritdoc/>
    protected override LedgerPoint Finish() => _point;

    private StoreRefusal? Append(WriteContext context, IReadOnlyList<Outcome> outcomes)
    {
        var repeated = 0;
        foreach (var outcome in outcomes)
        {
            if (Apply(context, outcome, ref repeated) is { } refusal)
            {
                return refusal;
            }
        }

        if (repeated == 0)
        {
            context.Append(customerName.Value, BlockKind.Outcome, new SignedRecord(signed).Encode());
        }

        return repeated == 0 || repeated == outcomes.Count
            ? null
            : new(RefusalCode.OutcomeConflict, "some of the outcomes stand already; append each by itself");
    }

    private StoreRefusal? Apply(WriteContext context, Outcome outcome, ref int repeated)
    {
        if (context.Tables.HandOff(customerName, outcome.HandOff) is not { } record || record.Request != outcome.Request)
        {
            return new(RefusalCode.UnknownHandOff, "no hand-off of that request was released");
        }

        if (IsRepeated(record, outcome))
        {
            repeated++;
            return null;
        }

        if (outcome.Attempt != record.Attempt)
        {
            return new(RefusalCode.WrongAttempt, $"the hand-off stands at attempt {record.Attempt}");
        }

        var ends = HandOffState.EndsHandOff(outcome.State);
        if (!(ends && record.State == HandOffState.Released) &&
            !(HandOffState.EndsUse(outcome.State) && record.State == HandOffState.Acknowledged && record.UseState.Length == 0))
        {
            var stands = record.UseState.Length > 0 ? $"{record.State}, {record.UseState}" : record.State;
            return new(RefusalCode.OutcomeConflict, $"the hand-off is {stands} already");
        }

        var customer = context.Find(customerName)!;
        context.Tables.UpdateHandOff(customerName, record with
        {
            State = ends ? outcome.State : record.State,
            UseState = ends ? "" : outcome.State,
            Code = outcome.Code,
            Updated = context.Now,
        });
        context.Put(ends
            ? customer with
            {
                OpenHandOffs = customer.OpenHandOffs - 1,
                OpenUses = outcome.State == HandOffState.Acknowledged ? customer.OpenUses + 1 : customer.OpenUses,
            }
            : customer with { OpenUses = customer.OpenUses - 1 });
        return null;
    }

    private static bool IsRepeated(HandOffRecord record, Outcome outcome) =>
        outcome.Attempt == record.Attempt && (outcome.State == record.State || outcome.State == record.UseState) &&
        (outcome.Code == record.Code || (record.UseState.Length > 0 && outcome.State == record.State));
}
