using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Operations;

/// <summary>Records that a reading found the store altered.</summary>
/// <param name="altered">What was found.</param>
/// <param name="action">What was read.</param>
internal sealed class ReportAltered(AlteredException altered, string action) : StoreOperation<bool>
{
    /// <inheritdoc/>
    public override Name? Customer => altered.Customer;

    /// <inheritdoc/>
    public override IEnumerable<string> Locks(WriteContext context) =>
        altered.Customer is { } customer ? [customer.Value, Block.ClusterChain] : [Block.ClusterChain];

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        context.Alarm(altered, action);
        return null;
    }

    /// <inheritdoc/>
    protected override bool Finish() => true;
}
