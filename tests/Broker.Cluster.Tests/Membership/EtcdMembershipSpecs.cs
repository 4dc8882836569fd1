using Broker.Cluster.Etcd;
using Broker.Cluster.Tests.Support;
using Google.Protobuf;
using static Broker.Cluster.Tests.Support.EtcdWorld;

namespace Broker.Cluster.Tests.Membership;

/// <summary>How members come, go and return, against a fake etcd. Leases are long: what is seen in time is seen by the watch.</summary>
public sealed class EtcdMembershipSpecs
{
    [Fact]
    public async Task Members_should_see_each_other_come_and_leave_at_once()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        Assert.Equal(["dmz-a"], Nodes(a.View));
        Assert.True(a.View.IsCurrent);
        var b = await world.JoinedAsync("dmz-b");
        await UntilAsync(b, "dmz-a", "dmz-b");
        var both = await UntilAsync(a, "dmz-a", "dmz-b");
        Assert.Equal(Start("dmz-b"), both.Find(Start("dmz-b").Node));
        await b.LeaveAsync(Soon());
        Assert.Equal(["dmz-a"], Nodes(b.View));
        await UntilAsync(a, "dmz-a");
        Assert.Single(world.Store.Leases);
    }

    [Fact]
    public async Task Node_that_only_looks_should_see_the_others_and_be_no_member()
    {
        await using var world = await StartAsync();
        var looking = world.Node();
        await UntilAsync(looking);
        await world.JoinedAsync("dmz-a");
        await UntilAsync(looking, "dmz-a");
        Assert.False(looking.Status.IsJoined);
    }

    [Fact]
    public async Task Member_should_be_gone_with_its_lease_and_come_back_under_a_new_one()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        // It gets no other lease before it was heard to have none.
        var open = new TaskCompletionSource();
        world.Etcd[0].Before = (method, _) => method == "LeaseGrant" ? open.Task : Task.CompletedTask;
        var lease = world.Store.Find(Keys.Member(Start("dmz-b").Node))!.Lease;
        world.Store.Expire(lease);
        await UntilAsync(b, static view => !view.IsCurrent);
        open.SetResult();
        await UntilAsync(b, "dmz-a", "dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        Assert.NotEqual(lease, world.Store.Find(Keys.Member(Start("dmz-b").Node))!.Lease);
    }

    [Fact]
    public async Task Member_that_went_without_leaving_should_stand_until_its_lease_is_over()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        await b.DisposeAsync();
        var lease = world.Store.Find(Keys.Member(Start("dmz-b").Node))!.Lease;
        await BeatAsync(a);
        Assert.Equal(["dmz-a", "dmz-b"], Nodes(a.View));
        world.Store.Expire(lease);
        await UntilAsync(a, "dmz-a");
    }

    [Fact]
    public async Task Key_that_somebody_deleted_or_wrote_over_should_be_written_again()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var key = Keys.Member(Start("dmz-a").Node);
        world.Store.Delete(key);
        await UntilAsync(a, static v => v.Members.IsEmpty || v.Version > 2);
        await UntilAsync(a, "dmz-a");
        world.Store.Put(key, ByteString.CopyFromUtf8("rubbish"));
        await BeatAsync(a);
        await UntilAsync(a, "dmz-a");
        Assert.True(a.Status.IsJoined);
    }

    [Fact]
    public async Task New_start_of_a_node_should_replace_the_old_one_which_waits_until_it_is_gone()
    {
        await using var world = await StartAsync();
        var watching = await world.JoinedAsync("dmz-b");
        var old = await world.JoinedAsync("dmz-a", 1);
        var young = await world.JoinedAsync("dmz-a", 2);
        await UntilAsync(watching, static v => v.Find(Start("dmz-a").Node)?.Incarnation == Start("dmz-a", 2).Incarnation);
        await BeatAsync(old);
        await BeatAsync(old);
        Assert.True(old.Status is { IsReplaced: true, IsJoined: false });
        Assert.False(old.View.IsCurrent);
        Assert.True(young.Status.IsJoined);
        await young.LeaveAsync(Soon());
        await UntilAsync(watching, static v => v.Find(Start("dmz-a").Node)?.Incarnation == Start("dmz-a", 1).Incarnation);
        await UntilAsync(old, "dmz-a", "dmz-b");
    }

    [Fact]
    public async Task Entries_that_are_no_members_should_be_skipped_and_counted()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var valid = MemberEntries.Write(Start("dmz-x"));
        world.Store.Put(Keys.Member(Start("dmz-b").Node), ByteString.CopyFromUtf8("rubbish"), lease: 5);
        world.Store.Put(ByteString.CopyFromUtf8($"/broker/{EtcdWorld.Cluster}/members/UPPER"), valid, lease: 5);
        world.Store.Put(ByteString.CopyFromUtf8($"/broker/{EtcdWorld.Cluster}/members/no/name"), valid, lease: 5);
        world.Store.Put(Keys.Member(Start("dmz-without-lease").Node), valid);
        world.Store.Put(Keys.Member(Start("dmz-x").Node), valid, lease: 5);
        await UntilAsync(a, "dmz-a", "dmz-x");
        Assert.Equal(4, a.Status.Skipped);
        var listing = world.Node();
        await UntilAsync(listing, "dmz-a", "dmz-x");
        Assert.Equal(4, listing.Status.Skipped);
    }

    [Fact]
    public async Task List_should_be_read_in_pages_and_those_be_smaller_where_somebody_stores_much()
    {
        await using var world = await StartAsync();
        var much = ByteString.CopyFrom(new byte[2_500_000]);
        for (var i = 0; i < 20; i++)
            world.Store.Put(Keys.Member(Start($"dmz-{i:00}").Node), i is 3 or 4 ? much : MemberEntries.Write(Start("x")), lease: 5);
        var looking = world.Node(page: 16);
        var view = await UntilAsync(looking, static v => v.Members.Length > 0);
        Assert.Equal(18, view.Members.Length);
        Assert.Equal(2, looking.Status.Skipped);
    }

    [Fact]
    public async Task More_keys_than_there_can_be_members_should_be_skipped_and_counted()
    {
        await using var world = await StartAsync();
        for (var i = 0; i < MemberTable.MaxEntries + 50; i++)
            world.Store.Put(Keys.Member(Start($"dmz-{i:0000}").Node), MemberEntries.Write(Start("x")), lease: 5);
        var looking = world.Node();
        var view = await UntilAsync(looking, static v => v.Members.Length > 0);
        Assert.Equal(MemberTable.MaxEntries, view.Members.Length);
        Assert.True(looking.Status.Skipped > 0);
    }

    [Fact]
    public async Task Member_that_others_could_not_read_should_not_join()
    {
        await using var world = await StartAsync();
        var node = world.Node();
        await Assert.ThrowsAsync<ArgumentException>(
            () => node.JoinAsync(Start("dmz-a") with { Address = new Uri("http://127.0.0.1:1") }, default));
        await Assert.ThrowsAsync<ArgumentException>(() => node.JoinAsync(Start("dmz-a") with { Version = "" }, default));
        await node.JoinAsync(Start("dmz-a"), Soon());
        await node.JoinAsync(Start("dmz-a"), Soon());
        await Assert.ThrowsAsync<InvalidOperationException>(() => node.JoinAsync(Start("dmz-a", 2), default));
        await node.LeaveAsync(Soon());
        await node.JoinAsync(Start("dmz-a", 2), Soon());
        Assert.Equal(Start("dmz-a", 2), Assert.Single(node.View.Members));
    }
}
