using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Store;

/// <summary>A customer as the zone keeps it: one row, written only by the writer.</summary>
/// <param name="Customer">The name.</param>
/// <param name="Fence">Raised at each claim.</param>
/// <param name="OwnerNode">Who claimed last.</param>
/// <param name="OwnerIncarnation">Fingerprint of its incarnation.</param>
/// <param name="LockGeneration">Raised at each lock.</param>
/// <param name="LiftedGeneration">Up to which locks are lifted.</param>
/// <param name="SignedCustody">The custody record as signed.</param>
/// <param name="Custody">The same, read.</param>
/// <param name="SignedHead">The head as signed.</param>
/// <param name="Head">The same, read.</param>
/// <param name="RateMinute">The minute in which releases are counted.</param>
/// <param name="RateCount">Releases in that minute.</param>
/// <param name="OpenHandOffs">Released hand-offs without an outcome.</param>
/// <param name="OpenUses">Acknowledged hand-offs without an end of the use.</param>
internal sealed record CustomerRecord(
    Name Customer,
    ulong Fence,
    Name OwnerNode,
    Digest OwnerIncarnation,
    ulong LockGeneration,
    ulong LiftedGeneration,
    Signed SignedCustody,
    CustodyRecord Custody,
    Signed SignedHead,
    CustomerHead Head,
    long RateMinute,
    uint RateCount,
    uint OpenHandOffs,
    uint OpenUses)
{
    /// <summary>Whether a lock stands.</summary>
    public bool IsLocked => LockGeneration > LiftedGeneration;
}
