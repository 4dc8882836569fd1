using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Placing;

/// <summary>Customers end up with the first in order as owner and the next as warm holders, and with nobody else.</summary>
public sealed class ArrangingSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_customer_should_end_up_where_it_belongs()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var order = p.Order();
        await p.StartPlacement(p.Nodes);
        await AllAnswer(p);

        await Elapse(p, async () =>
            (await (await p.At(order[0])).Status()).State == KeyState.Unlocked &&
            (await (await p.At(order[1])).Status()).State == KeyState.Holding &&
            (await (await p.At(order[2])).Status()).State == KeyState.Locked);

        using var client = p.Third.Console();
        using var response = await client.GetAsync(new Uri("/v1/cluster/status", UriKind.Relative));
        var status = System.Text.Json.JsonSerializer.Deserialize(
            await response.Content.ReadAsStringAsync(), ApiJson.Default.ClusterStatusModel)!;
        Assert.True(status.IsCurrent);
        Assert.Equal(["dmz-1", "dmz-2", "dmz-3"], status.Members.Select(static m => m.Node));
        Assert.All(status.Members, static m => Assert.True(m.Answers));
        var here = Assert.Single(status.Customers, c => c.Customer == p.F.Customer.Name.Value);
        Assert.Equal(("owned", order[0].Node.Node.Value, await p.Fence()), (here.State, here.Owner, here.Fence));
        Assert.Equal(order.Take(2).Select(static n => n.Node.Node.Value).Order(StringComparer.Ordinal), here.Holders);
    }

    [Fact]
    public async Task Nothing_should_move_before_its_time()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var fence = await p.Fence();
        await p.StartPlacement(p.Nodes);
        await AllAnswer(p);

        world.Time.Advance(TimeSpan.FromSeconds(10));
        await AllAnswer(p);

        Assert.Equal(fence, await p.Fence());
        Assert.Equal(KeyState.Unlocked, (await p.F.Customer.Status()).State);
        Assert.Equal(KeyState.Holding, (await (await p.At(p.F.Other)).Status()).State);
        Assert.Equal(KeyState.Holding, (await (await p.At(p.Third)).Status()).State);
    }

    [Fact]
    public async Task A_share_should_not_be_taken_where_another_node_owns_the_customer()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var fence = await p.Fence();
        await (await p.At(p.Third)).Wipe();
        using var client = p.Third.Console();

        var (_, code, _) = await GatewayServer.Post(
            client, $"/v1/customers/{p.F.Customer.Name}/shares", p.F.Customer.ShareFor(1, p.Third.Node.Incarnation.Key),
            ApiJson.Default.ShareModel, ApiJson.Default.CustomerModel);

        Assert.Equal(TransferCodes.OwnedElsewhere, code);
        Assert.Equal(fence, await p.Fence());
    }

    [Fact]
    public async Task A_node_should_not_be_asked_about_more_customers_than_it_may()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var request = new Protocol.Wire.Peer.HoldingsRequest();
        request.Customers.AddRange(Enumerable.Range(0, Peers.PeerService.MaxHoldings + 1).Select(static i => $"c-{i}"));

        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(
            () => p.Nodes[1].To(p.F.Owner).HoldingsAsync(request, default));

        Assert.Equal(Codes.Malformed, refused.Code);
    }

    private static async Task AllAnswer(PlacingFixture p)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!p.Nodes.All(n => n.Membership.View.Members.Length == 3))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the nodes do not see each other");
            await Task.Yield();
        }
    }

    /// <summary>Puts the clock forward, a little at a time so that everybody is seen to live, until it is so.</summary>
    private async Task Elapse(PlacingFixture p, Func<Task<bool>> isSo)
    {
        var started = TimeProvider.System.GetTimestamp();
        var nodes = new SteadyTime();
        var advanced = nodes.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the customer does not get there");
            if (nodes.GetElapsedTime(advanced) > TimeSpan.FromSeconds(1))
            {
                // The nodes look at each other meanwhile.
                world.Time.Advance(TimeSpan.FromSeconds(6));
                advanced = nodes.GetTimestamp();
            }

            await AllAnswer(p);
        }
    }
}
