using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Tests.Encoding;

public class EncWriterSpecs
{
    [Fact]
    public void Encoding_should_be_length_prefixed_fields_after_the_label() => Assert.Equal(
        "00000003" + "612F31" + "00000004" + "01020304" + "00000008" + "0000000000000005" + "00000000" + "00000002" + "C3A9" +
        "00000008" + "0000000000000001" + "00000018" + "00000002" + "00000005" + "00000001" + "61" + "00000007" + "00000003" + "622D63",
        Convert.ToHexString(
            new EncWriter("a/1").U32(0x01020304).U64(5).Bytes([]).Text("é").Time(DateTimeOffset.UnixEpoch.AddMilliseconds(1))
            .Names([Name.Parse("a"), Name.Parse("b-c")]).ToArray()));

    [Fact]
    public void Hash_should_be_that_of_the_encoding()
    {
        Assert.Equal(Digest.Of(new EncWriter("a/1").U32(1).ToArray()), new EncWriter("a/1").U32(1).Hash());
    }

    [Fact]
    public void Encoding_that_was_ended_should_take_nothing_more()
    {
        var (array, hash) = (new EncWriter("a/1"), new EncWriter("a/1"));
        array.ToArray();
        hash.Hash();

        Assert.All([array, hash], ended =>
        {
            Assert.Throws<InvalidOperationException>(() => ended.U32(1));
            Assert.Throws<InvalidOperationException>(() => ended.ToArray());
            Assert.Throws<InvalidOperationException>(() => ended.Hash());
        });
    }

    // One thread's encodings take turns with one buffer.
    [Fact]
    public void Encodings_made_at_the_same_time_should_not_mix()
    {
        var outer = new EncWriter("outer/1").U32(1);
        var inner = new EncWriter("inner/1").Bytes(new byte[5000]);
        outer.U32(2);
        var (first, second) = (inner.U32(3).ToArray(), outer.ToArray());

        var r = new EncReader(first, "inner/1");
        Assert.Equal(5000, r.Bytes().Length);
        Assert.Equal(3u, r.U32());
        r.End();
        r = new EncReader(second, "outer/1");
        Assert.Equal((1u, 2u), (r.U32(), r.U32()));
        r.End();
        Assert.Equal(second, new EncWriter("outer/1").U32(1).U32(2).ToArray());
    }

    // Otherwise two different texts would have one encoding, and one signature.
    [Fact]
    public void Text_that_is_no_unicode_should_be_refused() =>
        Assert.All(["a\uD800", "\uDC00a"], text => Assert.Throws<MalformedException>(() => new EncWriter("a/1").Text(text)));

    // What is signed must be readable by who verifies.
    [Fact]
    public void Text_longer_than_is_read_should_be_refused()
    {
        Assert.Throws<MalformedException>(() => new EncWriter("a/1").Text(new string('é', 2049)));
        Assert.Equal(new string('é', 2048), new EncReader(new EncWriter("a/1").Text(new string('é', 2048)).ToArray(), "a/1").Text());
    }

    [Fact]
    public void Time_that_is_not_read_should_be_refused()
    {
        Assert.Throws<MalformedException>(() => new EncWriter("a/1").Time(DateTimeOffset.UnixEpoch.AddMilliseconds(-1)));
        Assert.Throws<MalformedException>(() => new EncWriter("a/1").Time(DateTimeOffset.MaxValue));
    }

    [Fact]
    public void Empty_name_should_be_refused() =>
        Assert.Throws<InvalidOperationException>(() => new EncWriter("a/1").Name(default));
}
