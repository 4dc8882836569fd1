namespace Broker.Protocol.Transfer;

/// <summary>Why an incarnation is not handed a customer's secret. Stable texts.</summary>
public static class AdmissionRefusal
{
    /// <summary>Nobody vouches for the incarnation, and the holder's admission is not automatic.</summary>
    public const string Needed = "admission-needed";

    /// <summary>The request is for another admission than the one that came along.</summary>
    public const string Mismatch = "admission-mismatch";

    /// <summary>The bytes do not have the form.</summary>
    public const string Malformed = "admission-malformed";

    /// <summary>The statement is for another cluster, node or incarnation.</summary>
    public const string OfAnother = "admission-of-another";

    /// <summary>The statement names another binary than the incarnation says it runs.</summary>
    public const string WrongBinary = "admission-wrong-binary";

    /// <summary>The statement's time is over, or further ahead than one may live.</summary>
    public const string Expired = "admission-expired";

    /// <summary>Fewer signatures than people that are needed.</summary>
    public const string TooFew = "admission-too-few";

    /// <summary>One person, or one key, signed more than once.</summary>
    public const string SamePerson = "admission-same-person";

    /// <summary>Somebody signed who is not on the cluster's admission list.</summary>
    public const string Stranger = "admission-by-a-stranger";

    /// <summary>A signature does not verify.</summary>
    public const string Forged = "admission-forged";

    /// <summary>The ticket is not one that this start of this holder gave.</summary>
    public const string TicketUnknown = "ticket-unknown";

    /// <summary>The ticket is for another customer or node.</summary>
    public const string TicketOfAnother = "ticket-of-another";

    /// <summary>The ticket's time is over.</summary>
    public const string TicketExpired = "ticket-expired";

    /// <summary>The ticket was used, or another incarnation came with it first.</summary>
    public const string TicketUsed = "ticket-used";

    /// <summary>The request is not signed by the ticket's key.</summary>
    public const string TicketUnproven = "ticket-unproven";
}
