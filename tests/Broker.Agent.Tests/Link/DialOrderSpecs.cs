using Broker.Actors;
using Broker.Agent.Link;
using Broker.TestKit;

namespace Broker.Agent.Tests.Link;

/// <summary>Agents with one and the same list of nodes.</summary>
public sealed class DialOrderSpecs
{
    private const int Agents = 3_000;

    private static readonly Uri[] Nodes = [new("https://one:1"), new("https://two:2"), new("https://three:3")];

    private readonly RandomSource _random = new SeededRandom(11);

    [Fact]
    public void Every_node_should_be_tried_before_one_is_tried_again()
    {
        var order = new DialOrder(Nodes, _random);
        Uri[] first = [order.Next(), order.Next(), order.Next()];

        Assert.Equal(Nodes.OrderBy(static n => n.Port), first.OrderBy(static n => n.Port));
        Assert.All(first, n => Assert.Equal(n, order.Next()));
    }

    [Fact]
    public void Agents_should_spread_over_the_nodes()
    {
        var first = Enumerable.Range(0, Agents).Select(_ => new DialOrder(Nodes, _random).Next()).CountBy(static n => n);

        Assert.All(first, static n => Assert.InRange(n.Value, Agents * 0.3, Agents * 0.37));
    }

    [Fact]
    public void Agents_of_a_node_that_dies_should_spread_over_the_others()
    {
        var orders = Enumerable.Range(0, Agents).Select(_ => new DialOrder(Nodes, _random))
            .Where(static o => o.Next() == Nodes[0]).ToList();
        var second = orders.CountBy(static o => o.Next()).ToDictionary();

        Assert.Equal(2, second.Count);
        Assert.All(second.Values, n => Assert.InRange(n, orders.Count * 0.45, orders.Count * 0.55));
    }
}
