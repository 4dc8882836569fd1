using Broker.Cluster.Etcd.Wire;
using Broker.Cluster.Tests.Support;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using static Broker.Cluster.Tests.Support.EtcdWorld;

namespace Broker.Cluster.Tests.Agents;

public sealed class EtcdAgentDirectorySpecs
{
    private static readonly Name Acme = Name.Parse("acme");
    private static readonly Name Web = Name.Parse("web-1");

    [Fact]
    public async Task Agent_should_be_found_at_the_node_that_published_it_until_it_withdraws()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        a.Agents.Publish(Acme, Web, 1);
        await WrittenAsync(a);
        Assert.Equal(Name.Parse("dmz-a"), await b.Agents.FindAsync(Acme, Web, default));
        Assert.Null(await b.Agents.FindAsync(Name.Parse("other"), Web, default));
        Assert.Equal((true, false), (a.Agents.IsHere(Acme, Web), b.Agents.IsHere(Acme, Web)));
        a.Agents.Withdraw(Acme, Web, 1);
        await WrittenAsync(a);
        Assert.Null(await b.Agents.FindAsync(Acme, Web, default));
        Assert.Equal(["dmz-a", "dmz-b"], Nodes(b.View));
    }

    [Fact]
    public async Task Withdrawal_should_leave_alone_what_another_node_or_a_later_link_has_taken()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        a.Agents.Publish(Acme, Web, 1);
        a.Agents.Publish(Acme, Web, 2);
        a.Agents.Withdraw(Acme, Web, 1);
        Assert.True(a.Agents.IsHere(Acme, Web));
        await WrittenAsync(a);
        b.Agents.Publish(Acme, Web, 1);
        await WrittenAsync(b);
        a.Agents.Withdraw(Acme, Web, 2);
        await WrittenAsync(a);
        Assert.Equal(Name.Parse("dmz-b"), await a.Agents.FindAsync(Acme, Web, default));
    }

    [Fact]
    public async Task Agents_should_go_with_the_lease_and_be_written_again_under_a_new_one()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        for (var i = 0; i < 250; i++)
            a.Agents.Publish(Acme, Name.Parse($"web-{i}"), 1);
        await WrittenAsync(a);
        var lease = world.Store.Find(Keys.Agent(Acme, Web))!.Lease;
        a.Agents.Publish(Acme, Name.Parse("gone"), 2);
        await WrittenAsync(a);
        a.Agents.Withdraw(Acme, Name.Parse("gone"), 2);
        world.Store.Expire(lease);
        await BeatAsync(a);
        await WrittenAsync(a);
        Assert.NotEqual(lease, world.Store.Find(Keys.Agent(Acme, Web))!.Lease);
        for (var i = 0; i < 250; i++)
            Assert.NotNull(world.Store.Find(Keys.Agent(Acme, Name.Parse($"web-{i}"))));
        Assert.Null(world.Store.Find(Keys.Agent(Acme, Name.Parse("gone"))));
        await a.LeaveAsync(Soon());
        Assert.Null(world.Store.Find(Keys.Agent(Acme, Web)));
    }

    [Fact]
    public async Task What_etcd_did_not_take_should_be_written_when_it_does_and_nobody_waits_for_it()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var isGone = true;
        world.Etcd[0].Before = (method, context) =>
            isGone && method != "Watch" ? FakeEtcd.FailAsync(context, 14, "etcdserver: no leader") : Task.CompletedTask;
        a.Agents.Publish(Acme, Web, 1);
        Assert.True(a.Agents.IsHere(Acme, Web));
        Assert.Null(await a.Agents.FindAsync(Acme, Web, default));
        Assert.Equal(1, a.Agents.Unwritten);
        isGone = false;
        a.Agents.Publish(Acme, Name.Parse("web-2"), 2);
        await WrittenAsync(a);
        Assert.Equal(Name.Parse("dmz-a"), await a.Agents.FindAsync(Acme, Web, default));
    }

    [Fact]
    public async Task Entry_that_is_none_should_be_nobody()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        a.Agents.Publish(Acme, Web, 1);
        await WrittenAsync(a);
        var valid = world.Store.Find(Keys.Agent(Acme, Web))!.Value;
        Assert.NotNull(await FoundAsync(valid, 5));
        Assert.Null(await FoundAsync(valid, 0));
        Assert.Null(await FoundAsync(ByteString.Empty, 5));
        Assert.Null(await FoundAsync(ByteString.CopyFromUtf8("rubbish"), 5));
        Assert.Null(await FoundAsync(ByteString.CopyFrom(new byte[100_000]), 5));
        Assert.Null(await FoundAsync(new KeyValue { Key = valid }.ToByteString(), 5));

        async Task<Name?> FoundAsync(ByteString value, long lease)
        {
            world.Store.Put(Keys.Agent(Acme, Web), value, lease);
            return await a.Agents.FindAsync(Acme, Web, default);
        }
    }

    private static async Task WrittenAsync(EtcdMembership node)
    {
        var soon = Soon();
        while (node.Agents.Unwritten > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, soon);
    }
}
