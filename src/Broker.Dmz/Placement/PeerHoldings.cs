using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Placement;

/// <summary>Asks peers what they hold. Who lies about it costs a warm copy, or keeps one too many; it gives nobody a secret.</summary>
internal static class PeerHoldings
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What a peer holds of some customers.</summary>
    /// <param name="node">This node.</param>
    /// <param name="peer">The peer's name.</param>
    /// <param name="customers">At most <see cref="PeerService.MaxHoldings"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="patience">How long the peer may take; 2 s where nothing is said.</param>
    /// <returns>Null where it does not answer, or is no peer.</returns>
    public static Task<Wire.HoldingsReply?> Ask(
        DmzContext node, Name peer, IEnumerable<Name> customers, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var request = new Wire.HoldingsRequest();
        request.Customers.AddRange(customers.Select(static c => c.Value));
        return Ask(node, peer, request, cancellation, patience);
    }

    /// <summary>Which of some agents are connected to a peer, by its word.</summary>
    /// <param name="node">This node.</param>
    /// <param name="customer">Whose agents they are.</param>
    /// <param name="agents">Their names.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<IReadOnlySet<string>> Connected(
        DmzContext node, Name customer, IEnumerable<string> agents, CancellationToken cancellation)
    {
        var asking = agents.Chunk(PeerService.MaxAgents).SelectMany(some => node.Peers.Others.ToArray().Select(peer =>
        {
            var request = new Wire.HoldingsRequest { AgentsOf = customer.Value };
            request.Agents.AddRange(some);
            return Ask(node, peer.Node, request, cancellation);
        }));
        return (await Task.WhenAll(asking)).OfType<Wire.HoldingsReply>().SelectMany(static r => r.Agents).ToHashSet(StringComparer.Ordinal);
    }

    private static async Task<Wire.HoldingsReply?> Ask(
        DmzContext node, Name peer, Wire.HoldingsRequest request, CancellationToken cancellation, TimeSpan? patience = null)
    {
        if (node.Peers.Find(peer) is not { } way)
        {
            return null;
        }

        using var limit = new CancellationTokenSource(patience ?? Patience, node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await way.HoldingsAsync(request, either.Token);
        }
        catch (Exception problem) when (
            problem is ZoneException || (problem is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The peer that the zone names as a customer's owner, where it says itself that it is; else null.</summary>
    public static async Task<Name?> OwnedByPeer(
        DmzContext node, Name customer, Protocol.Wire.Zone.CustomerState? state, CancellationToken cancellation)
    {
        if (node.Held.Find(customer) is { IsServedHere: true } || !Name.TryParse(state?.OwnerNode ?? "", out var owner) ||
            owner == node.Node)
        {
            return null;
        }

        var said = await Ask(node, owner, [customer], cancellation);
        return said?.Holdings is [{ State: KeyState.Unlocked } one] && one.Fence == state!.Fence ? owner : null;
    }

    /// <summary>The customers of an answer that the peer holds, whether it owns them or not.</summary>
    public static HashSet<string> Held(Wire.HoldingsReply? reply) =>
        [.. (reply?.Holdings ?? []).Where(static h => h.State is KeyState.Holding or KeyState.Unlocked).Select(static h => h.Customer)];
}
