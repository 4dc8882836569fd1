using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Peers;

/// <summary>Tells the other nodes of a lock. The zone has raised the generation by then: nothing is released any more.</summary>
internal static class PeerLocks
{
    /// <summary>How long a node may take to say that it has wiped.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Has every peer wipe a customer.</summary>
    /// <returns>Those that say that they hold nothing of it any more, and those of which that is not known.</returns>
    public static async Task<(IReadOnlyList<Name> Confirmed, IReadOnlyList<Name> Unconfirmed)> Wipe(
        DmzContext node, Name customer, ulong generation, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(node.Peers.Others.Select(p => Wipe(node, p, customer, generation, cancellation)));
        return (
            [.. answers.Where(a => a.Wiped).Select(a => a.Node)],
            [.. answers.Where(a => !a.Wiped).Select(a => a.Node)]);
    }

    private static async Task<(Name Node, bool Wiped)> Wipe(
        DmzContext node, PeerCaller peer, Name customer, ulong generation, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Patience, node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            // One that answers with an older generation asked a zone that is behind: it wiped, and may be unlocked under that again.
            var reply = await peer.WipeAsync(new Wire.WipeRequest { Customer = customer.Value }, either.Token);
            return (peer.Node, reply.Generation >= generation);
        }
        catch (Exception problem) when (problem is ZoneException or OperationCanceledException)
        {
            return (peer.Node, false);
        }
    }
}
