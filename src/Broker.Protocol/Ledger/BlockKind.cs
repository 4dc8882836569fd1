namespace Broker.Protocol.Ledger;

/// <summary>What a block records, and of what its body is the encoding.</summary>
public static class BlockKind
{
    /// <summary>Cluster chain: <c>enc("broker/ledger-key/1", certificate DER)</c>. The first block, and before a new key signs.</summary>
    public const string LedgerKey = "ledger-key";

    /// <summary>
    /// Cluster chain: <c>enc("broker/chain-head/1", customer, position, hash)</c>, at least each minute for chains that grew.
    /// </summary>
    public const string ChainHead = "chain-head";

    /// <summary>The customer's first block: a <see cref="ChangeRecord"/> whose request is the enrolment plan's.</summary>
    public const string Enrolled = "enrolled";

    /// <summary>A <see cref="ChangeRecord"/>: rows or directory changed under a new head.</summary>
    public const string Change = "change";

    /// <summary>A <see cref="RotationRecord"/>: a new epoch began under a new identity.</summary>
    public const string Rotated = "rotated";

    /// <summary>A <see cref="RotationIntent"/>: rows of an earlier epoch left the zone to be encrypted anew.</summary>
    public const string Rotation = "rotation";

    /// <summary>A <see cref="ChangeRecord"/> without a request: no row of an earlier epoch is left.</summary>
    public const string RotationEnded = "rotation-ended";

    /// <summary>An <see cref="IntentRecord"/>: rows left the zone.</summary>
    public const string Intent = "intent";

    /// <summary>Signed <see cref="Outcomes"/>: how hand-offs and uses ended.</summary>
    public const string Outcome = "outcome";

    /// <summary>A signed <see cref="Custody.Claim"/>: a node took the customer.</summary>
    public const string Claim = "claim";

    /// <summary>
    /// A <see cref="RestoredRecord"/>: those who hold custody accepted a head without proof that it is the newest. The claim that they made
    /// possible follows.
    /// </summary>
    public const string Restored = "restored";

    /// <summary>A <see cref="Transfer.TransferRecord"/>: the customer's secret is about to go over to another holder.</summary>
    public const string Transfer = "transfer";

    /// <summary>A signed <see cref="Ledger.BackupCheck"/>: a row of a backup is about to be opened, to see whether it can be.</summary>
    public const string BackupCheck = "backup-check";

    /// <summary>The <see cref="Requests.SignedRequest"/> of a lock.</summary>
    public const string Lock = "lock";

    /// <summary>The <see cref="Requests.SignedRequest"/> of an invitation, a token's first half.</summary>
    public const string Invitation = "invitation";

    /// <summary>A <see cref="Ledger.CustodyEvent"/>.</summary>
    public const string CustodyEvent = "custody-event";

    /// <summary>A <see cref="Refusal"/>.</summary>
    public const string Refusal = "refusal";
}
