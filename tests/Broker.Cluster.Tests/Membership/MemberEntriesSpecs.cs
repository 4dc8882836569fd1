using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Entries;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Google.Protobuf;

namespace Broker.Cluster.Tests.Membership;

public sealed class MemberEntriesSpecs
{
    private static readonly Name Node = Name.Parse("dmz-1");
    private static readonly Member Valid = new(Node, new Uri("https://10.0.0.5:7447"), Digest.Of([1]), "1.2.3+build");

    [Fact]
    public void Member_should_be_read_as_it_was_written()
    {
        Assert.True(MemberEntries.TryRead(Node, MemberEntries.Write(Valid), out var read));
        Assert.Equal(Valid, read);
    }

    [Theory]
    [InlineData("http://10.0.0.5:7447")]
    [InlineData("https://user:word@10.0.0.5:7447")]
    [InlineData("https://10.0.0.5:7447/path")]
    [InlineData("https://10.0.0.5:7447/?query")]
    [InlineData("https://10.0.0.5:7447/#fragment")]
    [InlineData("https://10.0.0.5:0")]
    [InlineData("file:///etc/passwd")]
    [InlineData("//10.0.0.5")]
    [InlineData("")]
    [InlineData("https://ho\u00dft:1")]
    public void Address_that_is_no_origin_should_be_skipped(string address)
    {
        var entry = MemberEntry.Parser.ParseFrom(MemberEntries.Write(Valid));
        entry.Address = address;
        Assert.False(MemberEntries.TryRead(Node, entry.ToByteString(), out _));
    }

    [Fact]
    public void Entry_of_another_format_or_form_should_be_skipped()
    {
        Assert.False(Reads(static e => e.Format = 2));
        Assert.False(Reads(static e => e.Format = 0));
        Assert.False(Reads(static e => e.Incarnation = ByteString.CopyFrom(new byte[31])));
        Assert.False(Reads(static e => e.Version = ""));
        Assert.False(Reads(static e => e.Version = "1.0\u001b[2J"));
        Assert.False(Reads(static e => e.Version = new string('1', 65)));
        Assert.False(Reads(static e => e.Address = "https://" + new string('a', 400) + ":1"));
        Assert.False(MemberEntries.TryRead(Node, ByteString.CopyFrom(new byte[MemberEntries.MaxBytes + 1]), out _));
        Assert.True(Reads(static _ => { }));

        static bool Reads(Action<MemberEntry> change)
        {
            var entry = MemberEntry.Parser.ParseFrom(MemberEntries.Write(Valid));
            change(entry);
            return MemberEntries.TryRead(Node, entry.ToByteString(), out _);
        }
    }

    [Fact]
    public void Entry_with_fields_of_a_later_version_should_be_read()
    {
        byte[] more = [.. MemberEntries.Write(Valid).ToByteArray(), 0x9A, 0x06, 0x01, 0x41];
        Assert.True(MemberEntries.TryRead(Node, ByteString.CopyFrom(more), out var read));
        Assert.Equal(Valid, read);
    }

    [Fact]
    public async Task Any_bytes_should_be_a_member_of_the_form_or_skipped()
    {
        var ends = new HashSet<bool>();
        await Fuzz.EachAsync(3000, random =>
        {
            var bytes = WireDamage.Of(MemberEntries.Write(Valid).ToByteArray(), random);
            var isRead = MemberEntries.TryRead(Node, ByteString.CopyFrom(bytes), out var member);
            if (isRead)
                Assert.True(MemberEntries.IsValid(member!));
            ends.Add(isRead);
            return Task.CompletedTask;
        });
        Assert.Equal(2, ends.Count);
    }

    [Fact]
    public void Keys_of_one_cluster_should_be_no_other_ones()
    {
        var keys = new EtcdKeys(Name.Parse("a"));
        Assert.Equal("/broker/a/members/dmz-1", keys.Member(Node).ToStringUtf8());
        Assert.Equal("/broker/a/agents/acme/web", keys.Agent(Name.Parse("acme"), Name.Parse("web")).ToStringUtf8());
        Assert.Equal("/broker/a/members0", EtcdKeys.EndOf(keys.Members).ToStringUtf8());
        Assert.True(EtcdKeys.TryName(keys.Member(Node), keys.Members, out var name));
        Assert.Equal(Node, name);
        foreach (var wrong in new[] { "/broker/a/members/", "/broker/a/members/x/y", "/broker/b/members/x", "/broker/a/members/X", "" })
            Assert.False(EtcdKeys.TryName(ByteString.CopyFromUtf8(wrong), keys.Members, out _));
    }
}
