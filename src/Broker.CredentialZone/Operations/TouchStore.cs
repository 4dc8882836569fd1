using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Goes the way of every change and changes nothing: through the queue, the connection that writes and a commit. Refused where a change
/// would be, for want of space.
/// </summary>
internal sealed class TouchStore : StoreOperation<bool>
{
    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context) => context.IsNearlyFull ? Guard.StoreFull : null;

    /// <inheritdoc/>
    protected override bool Finish() => true;
}
