using Broker.Cluster.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Cluster.Tests.Membership;

public sealed class StaticMembershipSpecs : IAsyncDisposable
{
    private static readonly Name A = Name.Parse("dmz-a");
    private static readonly Name B = Name.Parse("dmz-b");

    private readonly ManualTime _time = new();
    private readonly StaticMembership _membership;
    private readonly List<ClusterView> _heard = [];

    public StaticMembershipSpecs()
    {
        _membership = new StaticMembership(
            new Dictionary<Name, Uri> { [A] = new("https://10.0.0.1:7447"), [B] = new("https://10.0.0.2:7447") }, _time);
        _membership.Watch(_heard.Add);
    }

    [Fact]
    public async Task Node_that_is_alone_should_be_current_and_alone()
    {
        Assert.True(_membership.View.IsCurrent);
        Assert.Empty(_membership.View.Members);
        await _membership.JoinAsync(Start(Name.Parse("self"), 1), default);
        Assert.Equal(["self"], Nodes());
        await _membership.LeaveAsync(default);
        Assert.Empty(Nodes());
    }

    [Fact]
    public void Peer_should_count_for_fifteen_seconds_after_it_was_seen_last()
    {
        _membership.Saw(Start(A, 1));
        _time.Advance(TimeSpan.FromSeconds(10));
        _membership.Saw(Start(B, 1));
        _membership.Saw(Start(A, 1));
        _time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(["dmz-a", "dmz-b"], Nodes());
        _membership.Saw(Start(A, 1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["dmz-a"], Nodes());
        Assert.Equal(["dmz-a"], _heard[^1].Members.Select(static m => m.Node.Value));
        _time.Advance(TimeSpan.FromSeconds(14));
        Assert.Empty(_heard[^1].Members);
        Assert.All(_heard, static v => Assert.True(v.IsCurrent));
    }

    [Fact]
    public void Seen_again_without_a_change_should_be_told_nobody()
    {
        _membership.Saw(Start(A, 1));
        var told = _heard.Count;
        _membership.Saw(Start(A, 1));
        Assert.Equal(told, _heard.Count);
    }

    [Fact]
    public void New_start_of_a_peer_should_replace_the_old_one()
    {
        _membership.Saw(Start(A, 1));
        _membership.Saw(Start(A, 2));
        Assert.Equal(Digest.Of([2]), _membership.View.Find(A)!.Incarnation);
        _membership.Gone(A, Digest.Of([1]));
        Assert.NotNull(_membership.View.Find(A));
        _membership.Gone(A, Digest.Of([2]));
        Assert.Null(_membership.View.Find(A));
    }

    [Fact]
    public void Whoever_is_not_in_the_list_should_be_passed_over_and_the_address_be_the_lists()
    {
        _membership.Saw(Start(Name.Parse("stranger"), 1));
        Assert.Empty(Nodes());
        _membership.Saw(Start(A, 1) with { Address = new Uri("https://evil:1") });
        Assert.Equal(new Uri("https://10.0.0.1:7447"), _membership.View.Find(A)!.Address);
    }

    [Fact]
    public async Task This_node_should_stand_once_even_where_the_list_names_it()
    {
        await _membership.JoinAsync(Start(A, 7), default);
        _membership.Saw(Start(A, 1));
        Assert.Equal(Digest.Of([7]), Assert.Single(_membership.View.Members).Incarnation);
    }

    [Fact]
    public async Task Process_that_was_stopped_for_a_while_should_not_show_who_fell_silent_meanwhile()
    {
        var late = new LateTime();
        await using var membership = new StaticMembership(new Dictionary<Name, Uri> { [A] = new("https://10.0.0.1:7447") }, late);
        membership.Saw(Start(A, 1));
        late.Now = TimeSpan.FromSeconds(15).Ticks;
        Assert.Empty(membership.View.Members);
    }

    public ValueTask DisposeAsync() => _membership.DisposeAsync();

    private static Member Start(Name node, byte incarnation) =>
        new(node, new Uri("https://127.0.0.1:7447"), Digest.Of([incarnation]), "1.0");

    private IEnumerable<string> Nodes() => _membership.View.Members.Select(static m => m.Node.Value);
}
