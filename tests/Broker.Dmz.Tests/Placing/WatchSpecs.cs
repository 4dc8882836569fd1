using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Placing;

/// <summary>How soon a peer that has died is known to be gone, and one that is slow is not. The clock moves only when told to.</summary>
public sealed class WatchSpecs(DmzWorld dmz) : IClassFixture<DmzWorld>, IDisposable
{
    private readonly ActorWorld _world = new();
    private readonly List<Name> _gone = [];

    [Fact]
    public void A_peer_that_dies_should_be_gone_as_soon_as_two_connections_are_refused()
    {
        var (node, peer) = Watched();
        _world.Run();
        Assert.Equal(1, peer.Asked);

        peer.Manner = Manner.Refuses;
        peer.Drop();
        _world.Run();
        Assert.Equal((2, false), (peer.Asked, node.Peers.Pulses.IsSilent(peer.Node)));
        _world.Advance(TimeSpan.FromMilliseconds(50));

        Assert.Equal([peer.Node], _gone);
        Assert.True(node.Peers.Pulses.IsSilent(peer.Node));
        Assert.False(node.Peers.Pulses.MayLive(peer.Node));
        Assert.True(node.Owners.IsSilent(peer.Node));
    }

    [Fact]
    public void A_connection_that_breaks_should_be_no_end_of_a_peer_that_answers()
    {
        var (node, peer) = Watched();
        _world.Run();

        peer.Drop();
        _world.Run();

        Assert.Equal(2, peer.Asked);
        Assert.True(node.Peers.Pulses.Answers(peer.Node));
        Assert.Empty(_gone);
    }

    [Fact]
    public void A_peer_that_stays_gone_should_be_told_once_and_asked_at_the_ordinary_pace()
    {
        var (_, peer) = Watched();
        _world.Run();
        peer.Manner = Manner.Refuses;
        peer.Drop();
        _world.Advance(TimeSpan.FromMilliseconds(100));
        var asked = peer.Asked;

        _world.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal([peer.Node], _gone);
        Assert.Equal(10, peer.Asked - asked);
    }

    [Fact]
    public void A_peer_that_is_silent_should_be_gone_after_four_questions_and_hold_up_no_other()
    {
        var other = new ScriptedPeer(Name.Parse("dmz-3"), dmz.MakeNode("dmz-3", dmz.System));
        var (node, peer) = Watched(other);
        peer.Manner = Manner.Silent;

        _world.Advance(TimeSpan.FromSeconds(4.5));
        Assert.False(node.Peers.Pulses.IsSilent(peer.Node));
        Assert.True(other.Asked > 10);
        _world.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal([peer.Node], _gone);
        Assert.True(node.Peers.Pulses.MayLive(peer.Node));
        Assert.True(node.Peers.Pulses.Answers(other.Node));
    }

    [Fact]
    public void What_a_node_missed_while_it_did_not_run_should_be_held_against_nobody()
    {
        var (node, peer) = Watched();
        _world.Run();
        peer.Manner = Manner.Silent;
        _world.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal(2, peer.Asked);

        // Nothing runs here for ten seconds.
        _world.Time.Advance(TimeSpan.FromSeconds(10));
        peer.Manner = Manner.Answers;
        _world.Run();

        Assert.Empty(_gone);
        _world.Advance(TimeSpan.FromSeconds(1));
        Assert.True(node.Peers.Pulses.Answers(peer.Node));
    }

    [Fact]
    public void Another_start_in_the_place_of_a_peer_should_be_told_as_the_end_of_the_one_before()
    {
        var (node, peer) = Watched();
        node.Peers.Pulses.Answered(peer.Node, Digest.Of("the start before"u8));

        _world.Run();

        Assert.Equal([peer.Node], _gone);
        Assert.True(node.Peers.Pulses.Answers(peer.Node));
    }

    public void Dispose() => _world.Dispose();

    private (DmzContext Node, ScriptedPeer Peer) Watched(params ScriptedPeer[] others)
    {
        var peer = new ScriptedPeer(Name.Parse("dmz-2"), dmz.MakeNode("dmz-2", dmz.System));
        var time = new MovedTime(_world.Time);
        var node = dmz.MakeNode("dmz-1", dmz.System) with
        {
            Time = time,
            Peers = new NodePeers(AdmissionPolicy.Closed, [peer, .. others], new LiveIncarnations(time)),
        };
        _world.System.Spawn(Props<PeerWatchMessage>.Of(() => new PeerWatch(node, gone: _gone.Add)), "peers");
        return (node, peer);
    }
}
