using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Records what was done with a way of custody, by a node's word, within the principal's budget of the minute; beyond it only counts.
/// </summary>
/// <param name="node">The DMZ node.</param>
/// <param name="customer">The customer.</param>
/// <param name="principal">Who did it.</param>
/// <param name="what">What was done.</param>
/// <param name="subject">Of which way, share or wrap.</param>
internal sealed class ReportCustody(Name node, Name customer, string principal, string what, string subject) : StoreOperation<bool>
{
    private const int MaxText = 160;

    private bool _recorded;

    /// <inheritdoc/>
    public override Name? Customer => customer;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        _recorded = false;
        if (principal.Length is 0 or > MaxText || what.Length is 0 or > MaxText || subject.Length is 0 or > MaxText)
        {
            return new(RefusalCode.Malformed, $"principal, event and subject have 1 to {MaxText} characters");
        }

        if (context.Find(customer) is null)
        {
            return new(RefusalCode.UnknownCustomer, "no such customer; enrol it first");
        }

        var minute = context.Now.ToUnixTimeSeconds() / 60;
        var under = context.IsNearlyFull
            ? null
            : context.CustodyEvents.Take(customer.Value, principal, minute, context.Limits.RefusalsPerMinute);
        if (under is not null)
        {
            context.Append(customer.Value, BlockKind.CustodyEvent, new CustodyEvent(node, under, what, subject, 0).Encode());
            _recorded = true;
        }

        return null;
    }

    /// <summary>Whether it was recorded, not only counted.</summary>
    protected override bool Finish() => _recorded;
}
