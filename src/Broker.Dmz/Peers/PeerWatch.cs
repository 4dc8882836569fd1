using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Peers;

namespace Broker.Dmz.Peers;

/// <summary>What <c>/peers</c> understands.</summary>
internal abstract record PeerWatchMessage
{
    private PeerWatchMessage()
    {
    }

    /// <summary>Ask every peer.</summary>
    public sealed record Look : PeerWatchMessage;
}

/// <summary>
/// Has each peer prove, some times a second, that it lives: a second start of it stands out at once, and one that has died is not
/// waited for.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="looked">Called after each round.</param>
/// <param name="versions">Is told of each that was asked.</param>
internal sealed class PeerWatch(DmzContext node, Action? looked = null, PeerVersions? versions = null) : Actor<PeerWatchMessage>
{
    /// <summary>How long a peer may take; longer than its answer ever takes while it runs at all.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan EachPeer = TimeSpan.FromMilliseconds(40);

    // A round that began this much late tells of this node, not of its peers.
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(1);

    private long? _due;

    private TimeSpan Pause => TimeSpan.FromTicks(Math.Max(Interval.Ticks, EachPeer.Ticks * node.Peers.Others.Count));

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new PeerWatchMessage.Look());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(PeerWatchMessage message)
    {
        var began = node.Time.GetTimestamp();
        var isLate = _due is { } due && node.Time.GetElapsedTime(due, began) > Pause + Tolerated;
        await Task.WhenAll(node.Peers.Others.ToArray().Select(p => Look(p, isLate)));
        looked?.Invoke();
        _due = node.Time.GetTimestamp();
        Context.StartTimer("look", new PeerWatchMessage.Look(), Pause);
    }

    private async Task Look(PeerCaller peer, bool isLate)
    {
        var found = await PeerProbe.Look(node, peer, Context.Stopping, Patience);
        versions?.Looked(peer);
        if (found.Value is { } there)
        {
            node.Peers.Pulses.Answered(peer.Node, there.Key.Fingerprint);
            node.Owners.Answers(peer.Node);
        }
        else if (!isLate)
        {
            node.Peers.Pulses.Missed(peer.Node, found.Code != TransferCodes.PeerUnavailable);
            if (node.Peers.Pulses.IsSilent(peer.Node))
            {
                node.Owners.WentSilent(peer.Node);
            }
        }
    }
}
