using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Peers;

/// <summary>What <c>/peers</c> understands.</summary>
internal abstract record PeerWatchMessage
{
    private PeerWatchMessage()
    {
    }

    /// <summary>Ask every peer.</summary>
    public sealed record Look : PeerWatchMessage;

    /// <summary>Ask one: its connection has ended, or it refused one a moment ago.</summary>
    public sealed record LookAt(Name Node) : PeerWatchMessage;

    /// <summary>What one said.</summary>
    public sealed record Looked(Name Node, Result<Incarnation> Found, bool IsLate) : PeerWatchMessage;
}

/// <summary>
/// Has each peer prove, some times a second, that it lives: a second start of it stands out at once, and one that has died is not
/// waited for. Each is asked by itself, so that one that is silent holds up no other. One whose connection ends is asked at once, and
/// again where it refuses: that is certain soon. One that is only silent may be busy, or this node may be, and is given its time.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="looked">Called after each answer or miss.</param>
/// <param name="gone">Called when a start of a peer, of which something was known, is gone.</param>
/// <param name="versions">Is told of each that was asked.</param>
internal sealed class PeerWatch(
    DmzContext node, Action? looked = null, Action<Name>? gone = null, PeerVersions? versions = null) : Actor<PeerWatchMessage>
{
    /// <summary>How long a peer may take; longer than its answer ever takes while it runs at all.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan EachPeer = TimeSpan.FromMilliseconds(40);

    // A process that ends closes its connections before its listener, and one that starts listens late: a refusal is asked twice.
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(50);

    // A look that began, or took, this much longer than it should tells of this node, not of its peers.
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(1);

    private readonly HashSet<Name> _underWay = [];
    private readonly Dictionary<Name, (PeerCaller Peer, EventHandler Handler)> _watched = [];
    private long? _due;

    private TimeSpan Pause => TimeSpan.FromTicks(Math.Max(Interval.Ticks, EachPeer.Ticks * node.Peers.Others.Count));

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new PeerWatchMessage.Look());
        return ValueTask.CompletedTask;
    }

    protected override ValueTask Receive(PeerWatchMessage message)
    {
        switch (message)
        {
            case PeerWatchMessage.Look:
                LookAtAll();
                break;
            case PeerWatchMessage.LookAt m when node.Peers.Find(m.Node) is { } peer:
                Begin(peer, isLate: false);
                break;
            case PeerWatchMessage.LookAt:
                break;
            case PeerWatchMessage.Looked m:
                End(m);
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override ValueTask PostStop()
    {
        foreach (var (peer, handler) in _watched.Values)
        {
            peer.Lost -= handler;
        }

        return ValueTask.CompletedTask;
    }

    private void LookAtAll()
    {
        var isLate = _due is { } due && node.Time.GetElapsedTime(due) > Tolerated;
        foreach (var peer in node.Peers.Others.ToArray())
        {
            Hear(peer);
            Begin(peer, isLate);
        }

        if (node.Peers.Others.Count == 0)
        {
            looked?.Invoke();
        }

        _due = node.Time.GetTimestamp() + (long)(Pause.TotalSeconds * node.Time.TimestampFrequency);
        Context.StartTimer("look", new PeerWatchMessage.Look(), Pause);
    }

    private void Hear(PeerCaller peer)
    {
        if (_watched.TryGetValue(peer.Node, out var known))
        {
            if (known.Peer == peer)
            {
                return;
            }

            known.Peer.Lost -= known.Handler;
        }

        var (self, name) = (Context.Self, peer.Node);
        EventHandler handler = (_, _) => self.TryTell(new PeerWatchMessage.LookAt(name));
        _watched[peer.Node] = (peer, handler);
        peer.Lost += handler;
    }

    private void Begin(PeerCaller peer, bool isLate)
    {
        if (!_underWay.Add(peer.Node))
        {
            return;
        }

        var (name, began) = (peer.Node, node.Time.GetTimestamp());
        Context.PipeToSelf(
            PeerProbe.Look(node, peer, Context.Stopping, Patience),
            found => new PeerWatchMessage.Looked(name, found, isLate || node.Time.GetElapsedTime(began) > Patience + Tolerated),
            _ => new PeerWatchMessage.Looked(name, new Refused(TransferCodes.PeerUnavailable, "the look was given up"), IsLate: true));
    }

    private void End(PeerWatchMessage.Looked message)
    {
        var pulses = node.Peers.Pulses;
        _underWay.Remove(message.Node);
        if (node.Peers.Find(message.Node) is { } asked)
        {
            versions?.Looked(asked);
        }

        if (message.Found.Value is { } there)
        {
            var isAnother = pulses.IsAnother(message.Node, there.Key.Fingerprint);
            pulses.Answered(message.Node, there.Key.Fingerprint);
            node.Owners.Answers(message.Node);
            looked?.Invoke();
            if (isAnother)
            {
                gone?.Invoke(message.Node);
            }
        }
        else
        {
            if (!message.IsLate)
            {
                Missed(message.Node, message.Found.Code!);
            }

            looked?.Invoke();
        }
    }

    private void Missed(Name peer, string code)
    {
        var pulses = node.Peers.Pulses;
        var (wasSilent, isRefused) = (pulses.IsSilent(peer), code != TransferCodes.PeerUnavailable);
        pulses.Missed(peer, isRefused);
        if (!pulses.IsSilent(peer))
        {
            if (isRefused)
            {
                // Until it is certain: what comes after is the ordinary round.
                Context.StartTimer(peer, new PeerWatchMessage.LookAt(peer), AfterRefusal);
            }

            return;
        }

        node.Owners.WentSilent(peer);
        if (!wasSilent)
        {
            gone?.Invoke(peer);
        }
    }
}
