using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.Dmz.Tests;

public sealed class LeafCacheSpecs
{
    private static readonly ProvenEntry Absent = Entry("absent", Digest.Zero);

    [Fact]
    public void A_change_should_update_what_is_known_and_add_nothing()
    {
        var cache = new LeafCache();
        var known = Entry("known", Digest.Of("1"u8));
        var root = known.Proof!.Root(known.LeafKey, known.Leaf);
        Assert.True(cache.IsUnder(root, known));
        var next = Digest.Of("2"u8);

        cache.Apply(
            [(known.LeafKey, next), .. Enumerable.Range(0, 20_000).Select(i => (EntryKey.User(Name.Parse($"u-{i}")).LeafKey, next))]);

        Assert.Equal(1, cache.Count);
        Assert.True(cache.IsUnder(Digest.Of("another root"u8), known with { Leaf = next }));
        Assert.False(cache.IsUnder(Digest.Of("another root"u8), known));
        cache.Apply([(known.LeafKey, Digest.Zero)]);
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void What_is_not_there_should_be_proved_each_time()
    {
        var cache = new LeafCache();
        var root = Absent.Proof!.Root(Absent.LeafKey, Absent.Leaf);

        Assert.True(cache.IsUnder(root, Absent));
        Assert.Equal(0, cache.Count);
        Assert.False(cache.IsUnder(Digest.Of("another root"u8), Absent));
    }

    private static ProvenEntry Entry(string name, Digest leaf)
    {
        var key = EntryKey.User(Name.Parse(name));
        return new ProvenEntry(key, key.LeafKey, leaf, null, TreeProof.Alone);
    }
}
