namespace Broker.Dmz.Customers;

/// <summary>Stable codes of what goes wrong between holders, besides those of <c>AdmissionRefusal</c> and <see cref="Codes"/>.</summary>
internal static class TransferCodes
{
    public const string NotOwner = "not-owner";
    public const string AlreadyHeld = "already-held";
    public const string Misaddressed = "transfer-misaddressed";
    public const string WrongNode = "wrong-node";
    public const string WrongEpoch = "transfer-wrong-epoch";
    public const string Expired = "transfer-expired";
    public const string Replayed = "transfer-replayed";
    public const string NotOffered = "transfer-not-offered";
    public const string NotRequested = "transfer-not-requested";
    public const string OfAnother = "transfer-of-another";
    public const string Altered = "transfer-altered";
    public const string Forged = "transfer-forged";
    public const string IncarnationOfAnother = "incarnation-of-another";
    public const string PossessionUnproven = "possession-unproven";
    public const string SecondIncarnation = "second-incarnation";
    public const string TicketRefused = "ticket-refused";
    public const string HandOverRefused = "hand-over-refused";
    public const string NoLock = "no-lock-stands";
    public const string PeerUnknown = "peer-unknown";
    public const string PeerUnavailable = "peer-unavailable";
    public const string OwnerUnreachable = "owner-unreachable";
    public const string OwnedElsewhere = "owned-elsewhere";
    public const string NotForwarded = "not-forwarded";
    public const string NodeDraining = "node-draining";
    public const string DrainForbidden = "drain-forbidden";
    public const string DrainOfAnother = "drain-of-another";
}
