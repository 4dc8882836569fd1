using Broker.Actors;
using Broker.Dmz.Node;

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

/// <summary>Has each peer prove every few seconds that it lives, so that a second start of it stands out at once.</summary>
internal sealed class PeerWatch(DmzContext node) : Actor<PeerWatchMessage>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new PeerWatchMessage.Look());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(PeerWatchMessage message)
    {
        await Task.WhenAll(node.Peers.Others.Select(p => PeerProbe.Look(node, p, Context.Stopping)));
        Context.StartTimer("look", new PeerWatchMessage.Look(), Interval);
    }
}
