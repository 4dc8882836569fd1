namespace Broker.CredentialZone.Store;

/// <summary>Why the zone refuses an operation. Stable texts: DMZ nodes, the ledger and tests know them.</summary>
internal static class RefusalCode
{
    /// <summary>No such customer.</summary>
    public const string UnknownCustomer = "unknown-customer";

    /// <summary>The customer is enrolled already.</summary>
    public const string CustomerExists = "customer-exists";

    /// <summary>The bytes, or a number in the call, do not have the form.</summary>
    public const string Malformed = "malformed";

    /// <summary>A statement is for another cluster, customer or epoch than the call.</summary>
    public const string Misaddressed = "misaddressed";

    /// <summary>A signature does not verify under the customer's identity key.</summary>
    public const string BadSignature = "bad-signature";

    /// <summary>The plan, and the record or the entries that should follow from it, do not agree.</summary>
    public const string PlanMismatch = "plan-mismatch";

    /// <summary>The plan's time is over.</summary>
    public const string PlanExpired = "plan-expired";

    /// <summary>The caller's fence is not the customer's, or a claim's not the next: another node claimed it.</summary>
    public const string StaleFence = "stale-fence";

    /// <summary>The claim of an enrolment has another fence than 1.</summary>
    public const string WrongFence = "wrong-fence";

    /// <summary>A lock stands.</summary>
    public const string Locked = "locked";

    /// <summary>The claim lifts another lock generation than stands, or lifts without an administrator's request.</summary>
    public const string WrongLift = "wrong-lift";

    /// <summary>The caller's head is not the customer's: rows or directory changed.</summary>
    public const string StaleCounter = "stale-counter";

    /// <summary>The caller has seen a later head than the store has: the store was set back.</summary>
    public const string HeadRolledBack = "head-rolled-back";

    /// <summary>The new head does not follow the old one.</summary>
    public const string WrongHead = "wrong-head";

    /// <summary>The tree after the changes does not have the new head's root.</summary>
    public const string RootMismatch = "root-mismatch";

    /// <summary>An entry's statement is not of the type, or not of the id, of its key.</summary>
    public const string EntryMismatch = "entry-mismatch";

    /// <summary>Rows of an earlier epoch are left, so that no further epoch can begin.</summary>
    public const string RotationUnfinished = "rotation-unfinished";

    /// <summary>The same request was committed before; nothing was changed again.</summary>
    public const string AlreadyCommitted = "already-committed";

    /// <summary>The idempotency key was used before with another body.</summary>
    public const string IdempotencyConflict = "idempotency-conflict";

    /// <summary>No such invitation, or it is redeemed or expired.</summary>
    public const string InvitationNotOpen = "invitation-not-open";

    /// <summary>The invitation's time is over or further ahead than a token may live.</summary>
    public const string InvitationTime = "invitation-time";

    /// <summary>An invitation with this token exists for another request.</summary>
    public const string InvitationExists = "invitation-exists";

    /// <summary>The hand-off is not the one that follows from the request and its agent.</summary>
    public const string WrongHandOff = "wrong-hand-off";

    /// <summary>The attempt is neither the hand-off's nor the next one.</summary>
    public const string WrongAttempt = "wrong-attempt";

    /// <summary>No such hand-off.</summary>
    public const string UnknownHandOff = "unknown-hand-off";

    /// <summary>A credential, or the named version of it, does not exist.</summary>
    public const string UnknownCredential = "unknown-credential";

    /// <summary>The version that the launch names is pending: nobody gets it yet.</summary>
    public const string VersionPending = "version-pending";

    /// <summary>The version that the launch names is retired: nobody gets it any more.</summary>
    public const string VersionRetired = "version-retired";

    /// <summary>The promotion's hand-over has ended, or another one took its place.</summary>
    public const string HandOverEnded = "hand-over-ended";

    /// <summary>A credential names a release policy that does not exist.</summary>
    public const string UnknownPolicy = "unknown-policy";

    /// <summary>The rows of one launch are more than one envelope holds.</summary>
    public const string LaunchTooLarge = "envelope-too-large";

    /// <summary>The agent has no grant.</summary>
    public const string UnknownAgent = "unknown-agent";

    /// <summary>The agent presented a generation that was used: a clone. It is suspended until it enrols again.</summary>
    public const string AgentSuspended = "agent-suspended";

    /// <summary>The customer's releases of this minute are used up.</summary>
    public const string RateExceeded = "rate-exceeded";

    /// <summary>Too much is open: outcomes come first.</summary>
    public const string TooManyOpen = "too-many-open";

    /// <summary>The hand-off has another outcome already, or is not in a state that this one can follow.</summary>
    public const string OutcomeConflict = "outcome-conflict";

    /// <summary>The store has only the space left that outcomes need.</summary>
    public const string StoreFull = "store-full";

    /// <summary>A statement names another node than the one that sent it.</summary>
    public const string WrongNode = "wrong-node";

    /// <summary>The plan's signer may not enrol customers.</summary>
    public const string PlanRefused = "plan-refused";

    /// <summary>An entry or row is not the one whose leaf stands in the customer's tree, or one of the two is missing.</summary>
    public const string EntryAltered = "entry-altered";

    /// <summary>The customer's tree contradicts itself, or does not have the root of the head.</summary>
    public const string TreeAltered = "tree-altered";

    /// <summary>The head is not signed by the identity, or not the newest one of the ledger.</summary>
    public const string HeadAltered = "head-altered";

    /// <summary>The custody record is not the one that was signed.</summary>
    public const string CustodyAltered = "custody-altered";

    /// <summary>Fence or owner are not those of the newest claim in the ledger.</summary>
    public const string FenceAltered = "fence-altered";

    /// <summary>Lock and lift generation are not those that the ledger says.</summary>
    public const string LockAltered = "lock-altered";

    /// <summary>A chain contradicts itself, its end or its signatures.</summary>
    public const string LedgerAltered = "ledger-altered";

    /// <summary>The journal contradicts the ledger, or itself.</summary>
    public const string JournalAltered = "journal-altered";

    /// <summary>An invitation is not what its signed request says.</summary>
    public const string InvitationAltered = "invitation-altered";

    /// <summary>Something that is stored does not have its form.</summary>
    public const string RecordAltered = "record-altered";

    /// <summary>An agent presents a generation that is further on than the zone's.</summary>
    public const string GenerationAhead = "generation-ahead";

    /// <summary>The ledger's key is another than was thought: another node has entered it.</summary>
    public const string LedgerKeyChanged = "ledger-key-changed";

    /// <summary>Too many operations wait.</summary>
    public const string Busy = "busy";
}
