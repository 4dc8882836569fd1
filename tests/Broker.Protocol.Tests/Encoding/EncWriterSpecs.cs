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
        var writer = new EncWriter("a/1").U32(1);
        Assert.Equal(Digest.Of(writer.ToArray()), writer.Hash());
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
