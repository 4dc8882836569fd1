using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Peer;
using Broker.TestKit;

namespace Broker.Links.Tests;

public sealed class PeerClientSpecs
{
    private static readonly TestAuthority Ours = new();

    [Fact]
    public async Task Peer_whose_connection_ends_should_be_told_as_lost_without_a_call()
    {
        await using var server = await LinkServerFixture.StartAsync(
            Ours.Node(LinkRole.Dmz, "d"),
            static app => app.MapZoneOperation(
                PeerOperations.Holdings, static (_, _, _) => Task.FromResult<ZoneAnswer<HoldingsReply>>(new HoldingsReply())),
            LinkRole.Dmz);
        using var wire = new CutWire(server.Address);
        using var peer = new PeerClient(Name.Parse("d"), wire.Address, Ours.Node(LinkRole.Dmz, "e"), new SteadyTime(), Patience.Limit);
        var lost = new TaskCompletionSource();
        peer.Lost += (_, _) => lost.TrySetResult();
        await peer.HoldingsAsync(new HoldingsRequest(), default);
        Assert.False(lost.Task.IsCompleted);

        wire.Dispose();

        await lost.Task.WaitAsync(Patience.Limit, TimeProvider.System);
    }

    [Fact]
    public async Task Connection_that_this_end_closes_should_not_be_told_as_lost()
    {
        await using var server = await LinkServerFixture.StartAsync(
            Ours.Node(LinkRole.Dmz, "d"),
            static app => app.MapZoneOperation(
                PeerOperations.Holdings, static (_, _, _) => Task.FromResult<ZoneAnswer<HoldingsReply>>(new HoldingsReply())),
            LinkRole.Dmz);
        var lost = 0;
        using (var peer = new PeerClient(Name.Parse("d"), server.Address, Ours.Node(LinkRole.Dmz, "e"), new SteadyTime(), Patience.Limit))
        {
            peer.Lost += (_, _) => Interlocked.Increment(ref lost);
            await peer.HoldingsAsync(new HoldingsRequest(), default);
        }

        await server.StopAsync(new CancellationToken(canceled: true));

        Assert.Equal(0, lost);
    }
}
