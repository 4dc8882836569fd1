using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Wire;
using Broker.Cluster.Tests.Support;

namespace Broker.Cluster.Tests.Membership;

/// <summary>Lists and events in any order: the newest is what counts.</summary>
public sealed class MemberTableSpecs
{
    private readonly MemberTable _table = new(EtcdWorld.Keys.Members);

    [Fact]
    public void Event_that_a_list_has_overtaken_should_change_nothing()
    {
        Assert.True(_table.Replace([Held("dmz-a", 7), Held("dmz-b", 3)], 9));
        Assert.False(_table.Apply([Gone("dmz-a", 6), Gone("dmz-b", 9), Put("dmz-c", 8)]));
        Assert.Equal(["dmz-a", "dmz-b"], Nodes());
        Assert.Equal(9, _table.Revision);
    }

    [Fact]
    public void Events_of_one_revision_should_all_count_and_once()
    {
        Assert.True(_table.Apply([Put("dmz-a", 5), Put("dmz-b", 5), Gone("dmz-c", 5)]));
        Assert.False(_table.Apply([Gone("dmz-a", 5), Gone("dmz-b", 5)]));
        Assert.Equal(["dmz-a", "dmz-b"], Nodes());
        Assert.Equal(5, _table.Revision);
        Assert.True(_table.Apply([Gone("dmz-a", 6)]));
        Assert.Equal(["dmz-b"], Nodes());
    }

    [Fact]
    public void Event_of_another_key_or_of_none_should_change_nothing()
    {
        var other = Put("dmz-a", 5);
        other.Kv.Key = Google.Protobuf.ByteString.CopyFromUtf8("/broker/test-cluster/agents/acme/web");
        Assert.False(_table.Apply([other, new Event()]));
        Assert.Equal((0, 0L), (_table.Skipped, _table.Revision));
    }

    [Fact]
    public void Store_that_went_back_should_be_taken_as_it_is()
    {
        _table.Replace([Held("dmz-a", 7)], 9);
        Assert.True(_table.Replace([Held("dmz-b", 2)], 2));
        Assert.True(_table.Apply([Put("dmz-c", 3)]));
        Assert.Equal(["dmz-b", "dmz-c"], Nodes());
    }

    private static KeyValue Held(string node, long revision) => new()
    {
        Key = EtcdWorld.Keys.Member(EtcdWorld.Start(node).Node),
        Value = MemberEntries.Write(EtcdWorld.Start(node)),
        Lease = 5,
        ModRevision = revision,
    };

    private static Event Put(string node, long revision) => new() { Type = Event.Types.Type.Put, Kv = Held(node, revision) };

    private static Event Gone(string node, long revision) => new()
    {
        Type = Event.Types.Type.Delete,
        Kv = new KeyValue { Key = EtcdWorld.Keys.Member(EtcdWorld.Start(node).Node), ModRevision = revision },
    };

    private string[] Nodes() => [.. _table.Members.Select(static m => m.Node.Value)];
}
