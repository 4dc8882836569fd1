namespace Broker.Protocol.Transfer;

/// <summary>The three forms of an admission.</summary>
public static class AdmissionKind
{
    /// <summary>A <see cref="DrainTicket"/>, which the node's own predecessor drew.</summary>
    public const string Ticket = "ticket";

    /// <summary>A <see cref="NodeAdmission"/> signed by two people of the cluster's admission list.</summary>
    public const string Statement = "statement";

    /// <summary>None, where the holder is configured so: a certificate of a node is enough.</summary>
    public const string Auto = "auto";
}
