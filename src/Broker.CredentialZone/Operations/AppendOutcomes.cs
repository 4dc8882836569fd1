using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Appends how hand-offs and uses ended. All of one call, or none. Repeating an outcome is done without effect; another one for
/// the same hand-off is a conflict. Accepted while a lock stands and in the space that is reserved for it.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="outcomes">1 to <see cref="ZoneLimits.MaxOutcomes"/> signed <see cref="Outcome"/>s.</param>
internal sealed class AppendOutcomes(Name customerName, ulong fence, IReadOnlyList<Signed> outcomes) : StoreOperation<LedgerPoint>
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
        if (AreSigned(identity))
        {
            _verified = identity;
        }
    }

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        if (outcomes.Count is 0 or > ZoneLimits.MaxOutcomes)
        {
            return new(RefusalCode.Malformed, $"a call appends 1 to {ZoneLimits.MaxOutcomes} outcomes");
        }

        if (Guard.UnlessOwner(context, customerName, fence, out var customer) is { } refusal)
        {
            return refusal;
        }

        if (!customer.Custody.Identity.Equals(_verified) && !AreSigned(customer.Custody.Identity))
        {
            return Guard.BadSignature("outcome");
        }

        try
        {
            foreach (var signed in outcomes)
            {
                if (Append(context, signed, signed.Read<Outcome>()) is { } refused)
                {
                    return refused;
                }
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

    private bool AreSigned(PublicKey identity)
    {
        foreach (var outcome in outcomes)
        {
            if (!outcome.IsBy(identity))
            {
                return false;
            }
        }

        return true;
    }

    private StoreRefusal? Append(WriteContext context, Signed signed, Outcome outcome)
    {
        if (outcome.Cluster != context.Cluster || outcome.Customer != customerName)
        {
            return Guard.Misaddressed("outcome");
        }

        if (context.Tables.HandOff(customerName, outcome.HandOff) is not { } record || record.Request != outcome.Request)
        {
            return new(RefusalCode.UnknownHandOff, "no hand-off of that request was released");
        }

        if (IsRepeated(record, outcome))
        {
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
            return new(RefusalCode.OutcomeConflict, $"the hand-off is {record.State}{(record.UseState.Length > 0 ? ", " + record.UseState : "")}");
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
        context.Append(customerName.Value, BlockKind.Outcome, new SignedRecord(signed).Encode());
        return null;
    }

    private static bool IsRepeated(HandOffRecord record, Outcome outcome) =>
        outcome.Attempt == record.Attempt && (outcome.State == record.State || outcome.State == record.UseState) &&
        (outcome.Code == record.Code || (record.UseState.Length > 0 && outcome.State == record.State));
}
