using Broker.Protocol.Identifiers;

namespace Broker.Cluster.Tests.Placement;

/// <summary>Who is first for which customer.</summary>
public sealed class RendezvousSpecs
{
    private static readonly Name[] Customers = [.. Enumerable.Range(0, 3000).Select(static i => Name.Parse($"customer-{i}"))];

    [Fact]
    public void Order_should_not_depend_on_who_asks_or_when_a_node_started()
    {
        var members = Members(5);
        var again = members.Reverse().Select(static m => m with { Incarnation = Digest.Of([7]), Version = "2" });

        Assert.All(Customers, c => Assert.Equal(
            Rendezvous.Order(c, members).Select(static m => m.Node), Rendezvous.Order(c, again).Select(static m => m.Node)));
    }

    [Fact]
    public void Member_that_leaves_should_move_only_its_own_customers()
    {
        var members = Members(4);
        var left = members[2];

        foreach (var customer in Customers)
        {
            var before = Rendezvous.Order(customer, members);
            var after = Rendezvous.Order(customer, members.Where(m => m != left));

            Assert.Equal(before.Where(m => m != left), after);
        }
    }

    [Fact]
    public void Members_should_be_first_for_about_as_many_customers()
    {
        var shares = Customers.GroupBy(c => Rendezvous.Order(c, Members(3))[0].Node).ToDictionary(static g => g.Key, static g => g.Count());

        Assert.Equal(3, shares.Count);
        Assert.All(shares.Values, static share => Assert.InRange(share, 850, 1150));
    }

    [Fact]
    public void Nobody_should_be_first_where_nobody_takes_part() => Assert.Empty(Rendezvous.Order(Customers[0], []));

    private static Member[] Members(int count) =>
        [.. Enumerable.Range(1, count).Select(static i => new Member(
            Name.Parse($"dmz-{i}"), new Uri($"https://127.0.0.{i}:7447"), Digest.Of([(byte)i]), "1"))];
}
