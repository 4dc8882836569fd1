using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Wire;
using Broker.Cluster.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using static Broker.Cluster.Tests.Support.EtcdWorld;

namespace Broker.Cluster.Tests.Etcd;

/// <summary>The client and membership against the real thing, by which the fake is to be judged.</summary>
public sealed class RealEtcdSpecs
{
    private static readonly ByteString Key = ByteString.CopyFromUtf8("/k");

    [SkippableFact]
    public async Task Client_should_speak_as_etcd_does()
    {
        await using var etcd = await RealEtcd.StartAsync(1);
        using var client = etcd.Client(Patience.Limit);
        var soon = Soon();
        Assert.StartsWith("3.", (await client.StatusAsync(etcd.Endpoints[0], soon)).Version, StringComparison.Ordinal);
        // A time to live below what etcd can keep is raised: what was granted counts.
        var (granted, kept) = (0L, 0L);
        while (kept == 0)
        {
            // Again where the machine stood still for longer than it lives.
            var shortest = await client.CallAsync(EtcdMethods.Grant, new GrantRequest { Ttl = 1 }, soon);
            kept = (await client.CallAsync(EtcdMethods.KeepAlive, new KeepAliveRequest { Id = shortest.Id }, soon)).Ttl;
            granted = shortest.Ttl;
        }

        Assert.True(granted >= 1);
        Assert.Equal(granted, kept);
        var lease = await client.CallAsync(EtcdMethods.Grant, new GrantRequest { Ttl = 600 }, soon);
        await client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key, Value = Key, Lease = lease.Id }, soon);
        var read = await client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, soon);
        var kv = Assert.Single(read.Kvs);
        Assert.Equal((Key, Key, lease.Id, read.Header.Revision), (kv.Key, kv.Value, kv.Lease, kv.ModRevision));
        // A key that is not there has the revision 0 for a comparison.
        Assert.True((await client.CallAsync(EtcdMethods.Txn, IfAt("/new", 0), soon)).Succeeded);
        Assert.False((await client.CallAsync(EtcdMethods.Txn, IfAt("/new", 0), soon)).Succeeded);
        await using var watch = client.WatchAsync(new WatchCreate { Key = Key, StartRevision = kv.ModRevision }, soon).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync() && watch.Current.Created);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(kv, Assert.Single(watch.Current.Events).Kv);
        await client.CallAsync(EtcdMethods.Revoke, new RevokeRequest { Id = lease.Id }, soon);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(Event.Types.Type.Delete, Assert.Single(watch.Current.Events).Type);
        Assert.Equal(0, (await client.CallAsync(EtcdMethods.KeepAlive, new KeepAliveRequest { Id = lease.Id }, soon)).Ttl);
        Assert.Equal(EtcdFailure.NotFound, await FailureAsync(EtcdMethods.Revoke, new RevokeRequest { Id = lease.Id }));
        Assert.Equal(EtcdFailure.NotFound, await FailureAsync(EtcdMethods.Put, new PutRequest { Key = Key, Lease = lease.Id }));
        Assert.Equal(EtcdFailure.OutOfRange, await FailureAsync(EtcdMethods.Range, new RangeRequest { Key = Key, Revision = 1_000_000 }));
        Assert.Equal(EtcdFailure.Refused, await FailureAsync(EtcdMethods.Put, new PutRequest { Value = Key }));

        async Task<EtcdFailure> FailureAsync<TRequest, TReply>(EtcdMethod<TRequest, TReply> method, TRequest request)
            where TRequest : IMessage<TRequest>, new()
            where TReply : IMessage<TReply>, new() =>
            (await Assert.ThrowsAsync<EtcdException>(() => client.CallAsync(method, request, soon))).Failure;
    }

    [SkippableFact]
    public async Task Member_that_is_killed_should_be_gone_when_its_lease_is_over()
    {
        await using var etcd = await RealEtcd.StartAsync(1);
        // One that lost its lease would say again what it has said of the agent.
        await using var a = await JoinedAsync(etcd, "dmz-a", ttl: 60);
        var b = await JoinedAsync(etcd, "dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        var (acme, web) = (Name.Parse("acme"), Name.Parse("web-1"));
        a.Agents.Publish(acme, web, 1);
        await WrittenAsync(a);
        b.Agents.Publish(acme, web, 1);
        await WrittenAsync(b);
        // It has moved: what the first node says of it now is no matter of the second's.
        a.Agents.Withdraw(acme, web, 1);
        await WrittenAsync(a);
        for (var soon = Soon(); await a.Agents.FindAsync(acme, web, soon) != Name.Parse("dmz-b");)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, soon);
        await b.DisposeAsync();
        await UntilAsync(a, "dmz-a");
        Assert.Null(await a.Agents.FindAsync(acme, web, Soon()));
        await using var c = await JoinedAsync(etcd, "dmz-c");
        await UntilAsync(a, "dmz-a", "dmz-c");
        await c.LeaveAsync(Soon());
        await UntilAsync(a, "dmz-a");
    }

    [SkippableFact]
    public async Task Members_should_stand_while_the_leader_is_killed_and_see_who_comes_then()
    {
        await using var etcd = await RealEtcd.StartAsync(3);
        await using var a = await JoinedAsync(etcd, "dmz-a", ttl: 60);
        await using var b = await JoinedAsync(etcd, "dmz-b", ttl: 60);
        await UntilAsync(a, "dmz-a", "dmz-b");
        var losses = 0;
        using var watch = a.Watch(view => losses += view.Members.Length < 2 ? 1 : 0);
        etcd.Kill(await etcd.LeaderAsync());
        await using var c = await JoinedAsync(etcd, "dmz-c", ttl: 60);
        await UntilAsync(a, "dmz-a", "dmz-b", "dmz-c");
        await UntilAsync(b, "dmz-a", "dmz-b", "dmz-c");
        Assert.Equal(0, losses);
    }

    [SkippableFact]
    public async Task Member_of_etcd_that_is_paused_should_be_passed_by()
    {
        await using var etcd = await RealEtcd.StartAsync(3);
        await using var a = await JoinedAsync(etcd, "dmz-a", ttl: 9);
        // The first endpoint is the one that all begin with.
        etcd.Pause(0);
        await using var b = await JoinedAsync(etcd, "dmz-b", ttl: 9);
        await UntilAsync(a, "dmz-a", "dmz-b");
        etcd.Resume(0);
        await b.LeaveAsync(Soon());
        await UntilAsync(a, "dmz-a");
    }

    [SkippableFact]
    public async Task Nobody_should_be_taken_away_while_all_of_etcd_is_stopped()
    {
        await using var etcd = await RealEtcd.StartAsync(3);
        var time = new AheadTime();
        await using var a = await JoinedAsync(etcd, "dmz-a", ttl: 60, time);
        await using var b = await JoinedAsync(etcd, "dmz-b", ttl: 60, time);
        await UntilAsync(a, "dmz-a", "dmz-b");
        await UntilAsync(b, "dmz-a", "dmz-b");
        for (var i = 0; i < 3; i++)
            etcd.Kill(i);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(["dmz-a", "dmz-b"], Nodes(await UntilAsync(a, static v => !v.IsCurrent)));
        Assert.Equal(["dmz-a", "dmz-b"], Nodes(await UntilAsync(b, static v => !v.IsCurrent)));
        for (var i = 0; i < 3; i++)
            etcd.Start(i);
        await UntilAsync(a, "dmz-a", "dmz-b");
        await UntilAsync(b, "dmz-a", "dmz-b");
    }

    private static async Task WrittenAsync(EtcdMembership node)
    {
        var soon = Soon();
        while (node.Agents.Unwritten > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, soon);
    }

    private static TxnRequest IfAt(string key, long revision) => new()
    {
        Compare =
        {
            new Compare
            {
                Key = ByteString.CopyFromUtf8(key), Target = Compare.Types.Target.Mod, ModRevision = revision,
            },
        },
        Success = { new Operation { Put = new PutRequest { Key = ByteString.CopyFromUtf8(key) } } },
    };

    private static async Task<EtcdMembership> JoinedAsync(RealEtcd etcd, string node, int ttl = 3, TimeProvider? time = null)
    {
        var membership = new EtcdMembership(
            new EtcdMembershipOptions(EtcdWorld.Cluster, TimeSpan.FromSeconds(ttl)), etcd.Client(time: time), time ?? TimeProvider.System,
            NullLogger.Instance);
        await membership.JoinAsync(Start(node), Soon());
        return membership;
    }
}
