using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Integrity;

/// <summary>
/// What is stored contradicts what was signed, or itself: somebody else than the zone wrote here. Nothing of the operation was kept;
/// the same operation is refused until the store is put right, and each refusal is recorded.
/// </summary>
/// <param name="code">One of the codes of <see cref="RefusalCode"/> that end in <c>-altered</c>.</param>
/// <param name="detail">What contradicts what; no content.</param>
internal sealed class AlteredException(string code, string detail)
    : StoreException($"{detail}; the store was changed from outside: restore a backup, and look with broker-zone verify for more")
{
    /// <summary>The stable code.</summary>
    public string Code => code;

    /// <summary>What contradicts what.</summary>
    public string Detail => detail;

    /// <summary>Whose data it is, where that is known.</summary>
    public Name? Customer { get; init; }
}
