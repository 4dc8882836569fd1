using Broker.Cluster;
using Broker.Dmz.Customers;
using Broker.Dmz.Placement;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Placing;

/// <summary>Nodes dmz-1, which owns a customer, dmz-2 and dmz-3, which hold it; all know each other.</summary>
internal sealed class PlacingFixture : IAsyncDisposable
{
    private PlacingFixture(TransferFixture f, OtherNode third)
    {
        (F, Third) = (f, third);
        Nodes = [f.Owner, f.Other, third];
    }

    public TransferFixture F { get; }

    public OtherNode Third { get; }

    public IReadOnlyList<OtherNode> Nodes { get; }

    public static async Task<PlacingFixture> StartAsync(DmzWorld world)
    {
        var f = await TransferFixture.StartAsync(world);
        var fixture = new PlacingFixture(f, await OtherNode.StartAsync(world, "dmz-3"));
        foreach (var node in fixture.Nodes)
        {
            fixture.Nodes.Where(o => o != node).ToList().ForEach(o => node.Know(o));
        }

        await f.Held();
        var third = await fixture.Third.Fetcher.Fetch(
            f.Customer.Name, fixture.Third.Node.Peers.Find(f.Owner.Node.Node)!,
            f.Admitters.Admit(fixture.Third.Node, world.Time.GetUtcNow()), null, default);
        Assert.Equal(KeyState.Holding, third.Value?.State);
        return fixture;
    }

    /// <summary>Nodes in the order in which they are to hold the customer.</summary>
    public IReadOnlyList<OtherNode> Order(params OtherNode[] but) =>
        [.. Rendezvous.Order(F.Customer.Name, Nodes.Except(but).Select(static n => new Member(n.Node.Node, n.Address, default, "")))
            .Select(m => Nodes.Single(n => n.Node.Node == m.Node))];

    public Task StartPlacement(params IEnumerable<OtherNode> nodes) => Task.WhenAll(
        nodes.Select(static n => n.StartPlacement(new PlacementOptions(2, TimeSpan.FromSeconds(20)))));

    public Task<TestCustomer> At(OtherNode node) => node == F.Owner ? Task.FromResult(F.Customer) : node.At(F.Customer);

    public async Task<KeyStatus> Until(OtherNode node, params string[] states) =>
        await (await At(node)).Until(s => states.Contains(s.State));

    public async Task Until(Func<bool> isSo, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, what);
            await Task.Yield();
        }
    }

    public async Task<ulong> Fence() => (await F.Customer.ZoneState()).Fence;

    public async ValueTask DisposeAsync()
    {
        await Third.DisposeAsync();
        await F.DisposeAsync();
    }
}
