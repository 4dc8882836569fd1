using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Records that an authenticated caller was refused, within the principal's budget of the minute; beyond it only counts.
/// </summary>
/// <param name="node">The DMZ node that refused.</param>
/// <param name="customer">The customer, or null; of an unknown one the cluster's chain keeps it.</param>
/// <param name="principal">Who was refused.</param>
/// <param name="action">What was tried.</param>
/// <param name="code">Why not.</param>
internal sealed class ReportRefusal(Name node, Name? customer, string principal, string action, string code) : StoreOperation<bool>
{
    private const int MaxText = 160;

    private bool _recorded;

    /// <inheritdoc/>
    public override Name? Customer => customer;

    /// <inheritdoc/>
    public override IEnumerable<string> Locks(WriteContext context) => [customer?.Value ?? Block.ClusterChain];

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        _recorded = false;
        if (principal.Length is 0 or > MaxText || action.Length is 0 or > MaxText || code.Length is 0 or > MaxText)
        {
            return new(RefusalCode.Malformed, $"principal, action and code have 1 to {MaxText} characters");
        }

        var chain = customer is { } name && context.Find(name) is not null ? name.Value : Block.ClusterChain;
        var minute = context.Now.ToUnixTimeSeconds() / 60;
        var under = context.IsNearlyFull ? null : context.Refusals.Take(chain, principal, minute, context.Limits.RefusalsPerMinute);
        if (under is not null)
        {
            context.Append(chain, BlockKind.Refusal, new Refusal(node, under, action, code, 0).Encode());
            _recorded = true;
        }

        return null;
    }

    /// <summary>Whether it was recorded, not only counted.</summary>
    protected override bool Finish() => _recorded;
}
