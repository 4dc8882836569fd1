using Broker.Dmz.Agents;
using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Peers;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Node;

/// <summary>What the actors of one node share: who it is, whom it trusts, its clock and its randomness.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Node">This node.</param>
/// <param name="Trust">The root and what follows from it.</param>
/// <param name="Incarnation">This start of the node.</param>
/// <param name="Ledger">The zone's ledger key, verified against the root.</param>
/// <param name="Zone">The link to the credential zone.</param>
/// <param name="Time">The clock.</param>
/// <param name="Random">The randomness.</param>
/// <param name="Limits">Bounds and deadlines.</param>
/// <param name="WitnessDirectory">Where the node's witness files are.</param>
/// <param name="AgentIssuer">Issues agents' certificates; null on a node that does not.</param>
internal sealed record DmzContext(
    Name Cluster,
    Name Node,
    LinkTrust Trust,
    NodeIncarnation Incarnation,
    LedgerKey Ledger,
    ZoneCaller Zone,
    TimeProvider Time,
    RandomFill Random,
    NodeLimits Limits,
    string WitnessDirectory,
    AgentIssuer? AgentIssuer)
{
    /// <summary>The other nodes of the DMZ, and whom of them this one admits.</summary>
    public NodePeers Peers { get; init; } = NodePeers.None;

    /// <summary>How the customers stand on this node.</summary>
    public HeldCustomers Held { get; init; } = new();

    /// <summary>Who owns which customer, as far as this node knows.</summary>
    public Owners Owners { get; } = new(Zone, Limits.MaxCustomers, Time);

    /// <summary>Whether this node leaves.</summary>
    public DrainProgress Drain { get; } = new(Time);

    /// <summary>How key actors have agents brought to them.</summary>
    public AgentSummons Summons { get; init; } = new();

    /// <summary>The tokens of ways of custody; none where nothing else is set.</summary>
    public ITokenWraps Tokens { get; init; } = TokenWraps.None;

    /// <summary>16 random bytes.</summary>
    public Id16 NewId()
    {
        Span<byte> bytes = stackalloc byte[Id16.Length];
        Random(bytes);
        return new Id16(bytes);
    }

    /// <summary>32 random bytes.</summary>
    public Digest NewNonce()
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        Random(bytes);
        return new Digest(bytes);
    }
}

/// <summary>Bounds and deadlines of a node, from its configuration.</summary>
/// <param name="MaxCustomers">Customers with an actor at the same time.</param>
/// <param name="MaxInFlight">Hand-offs in flight per customer.</param>
/// <param name="HandOffTimeout">From release to the end of the hand-off.</param>
/// <param name="ShareTimeout">Shares given are wiped when the rest do not come in this time.</param>
/// <param name="GrantLife">Validity of a grant.</param>
internal sealed record NodeLimits(
    int MaxCustomers, int MaxInFlight, TimeSpan HandOffTimeout, TimeSpan ShareTimeout, TimeSpan GrantLife)
{
    /// <summary>
    /// How long after a take-over a launch waits for an agent that has not followed yet; never longer than half of the hand-off's time.
    /// </summary>
    public TimeSpan Arrival { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>The zone's ledger key as this node last verified it.</summary>
internal sealed class LedgerKey
{
    private volatile PublicKey? _key;

    /// <summary>The key; null until the zone was reached for the first time.</summary>
    public PublicKey? Key => _key;

    public void Set(PublicKey key) => _key = key;
}
