namespace Broker.Dmz.Agents;

/// <summary>Stable codes of agents' sessions across nodes, besides those of <see cref="Customers.Codes"/>.</summary>
internal static class RelayCodes
{
    /// <summary>The node that is told knows of no such relay with the node that tells.</summary>
    public const string Unknown = "relay-unknown";

    /// <summary>What came over the relay is not what may come in this direction.</summary>
    public const string Malformed = "relay-malformed";

    /// <summary>The node that asks is not among the peers, so it could not be answered.</summary>
    public const string PeerUnknown = Customers.TransferCodes.PeerUnknown;

    /// <summary>Another session of the agent begins; this one had not come to be.</summary>
    public const string Replaced = "relay-replaced";

    /// <summary>The holder has not said for too long that it still has the agent.</summary>
    public const string HolderSilent = "holder-silent";

    /// <summary>A frame is longer than what an agent has to say.</summary>
    public const string FrameTooLarge = "frame-too-large";
}
