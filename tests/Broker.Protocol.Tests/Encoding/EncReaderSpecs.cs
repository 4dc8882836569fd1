using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Encoding;

public class EncReaderSpecs
{
    private const string Label = "broker/test/1";

    private delegate void Reading(ref EncReader reader);

    [Theory]
    [InlineData("broker/test/2")]
    [InlineData("broker/test/")]
    [InlineData("broker/test/1 ")]
    [InlineData("Broker/test/1")]
    [InlineData("")]
    public void Label_should_be_the_expected_one(string label) =>
        Assert.Throws<MalformedException>(() => new EncReader(new EncWriter(label).ToArray(), Label).End());

    [Theory]
    [InlineData("FF")]
    [InlineData("C080")]
    [InlineData("E08080")]
    [InlineData("C1BF")]
    [InlineData("EDA080")]
    [InlineData("F4908080")]
    [InlineData("E282")]
    [InlineData("80")]
    public void Invalid_utf8_should_be_refused(string hex) => AssertRefused(Convert.FromHexString(hex), (ref r) => r.Text());

    [Fact]
    public void Byte_order_mark_should_stay_part_of_the_text() =>
        Assert.Equal("\uFEFFa", new EncReader(new EncWriter(Label).Text("\uFEFFa").ToArray(), Label).Text());

    [Fact]
    public void Text_should_have_at_most_4096_bytes()
    {
        AssertRefused(new byte[4097], (ref r) => r.Text());
        Assert.Equal(4096, new EncReader(new EncWriter(Label).Bytes(new byte[4096]).ToArray(), Label).Text().Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Alice")]
    [InlineData("a b")]
    [InlineData("a_b")]
    [InlineData("a/b")]
    [InlineData("é")]
    [InlineData("а")]
    [InlineData("a\0")]
    [InlineData("a\n")]
    [InlineData("٣")]
    public void Invalid_name_should_be_refused(string name) =>
        AssertRefused(System.Text.Encoding.UTF8.GetBytes(name), (ref r) => r.Name());

    [Fact]
    public void Name_of_64_characters_should_be_refused()
    {
        AssertRefused(System.Text.Encoding.UTF8.GetBytes(new string('a', 64)), (ref r) => r.Name());
        var longest = Name.Parse(new string('a', 63));
        Assert.Equal(longest, new EncReader(new EncWriter(Label).Name(longest).ToArray(), Label).Name());
    }

    [Fact]
    public void Field_of_fixed_length_should_have_exactly_that_length()
    {
        foreach (var (length, read) in (ReadOnlySpan<(int, Reading)>)
        [
            (4, static (ref r) => r.U32()), (8, static (ref r) => r.U64()), (8, static (ref r) => r.Time()),
            (Id16.Length, static (ref r) => r.Id()), (Digest.Length, static (ref r) => r.Digest()),
            (PublicKey.Length, static (ref r) => r.Key()),
        ])
        {
            for (var actual = 0; actual <= 70; actual++)
            {
                if (actual != length)
                {
                    AssertRefused(new byte[actual], read);
                }
            }
        }
    }

    [Fact]
    public void Public_key_off_the_curve_should_be_refused()
    {
        var point = TestKey.Alice.Public.Bytes.ToArray();
        for (var bit = 0; bit < point.Length * 8; bit++)
        {
            var other = point.ToArray();
            other[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused(other, (ref r) => r.Key());
        }
    }

    // Verifiers add lives and skews to a received time before anybody is authenticated: a year of room, so that none overflows.
    [Theory]
    [InlineData(0UL, true)]
    [InlineData(253_370_764_800_000UL, true)]
    [InlineData(253_370_764_800_001UL, false)]
    [InlineData(253_402_300_799_999UL, false)]
    [InlineData(253_402_300_800_000UL, false)]
    [InlineData(long.MaxValue, false)]
    [InlineData(ulong.MaxValue, false)]
    public void Time_should_be_a_date_to_which_can_be_added(ulong milliseconds, bool valid)
    {
        var encoding = new EncWriter(Label).U64(milliseconds).ToArray();
        if (valid)
        {
            var time = new EncReader(encoding, Label).Time();
            Assert.Equal((long)milliseconds, time.ToUnixTimeMilliseconds());
            Assert.True(time.AddDays(364) > time);
        }
        else
        {
            Assert.Throws<MalformedException>(() => new EncReader(encoding, Label).Time());
        }
    }

    [Theory]
    [InlineData(3U, 2, 8)]
    [InlineData(uint.MaxValue, 0, 8)]
    [InlineData(1U, 0, 8)]
    [InlineData(0U, 1, 8)]
    [InlineData(1U, 2, 8)]
    [InlineData(9U, 9, 8)]
    [InlineData(4097U, 4097, EncReader.MaxItems)]
    public void List_should_have_as_many_items_as_it_says_and_may(uint says, int has, int max) =>
        AssertRefused(ListField(says, has), (ref r) => r.List(static (ref item) => item.U32(), max));

    [Fact]
    public void List_without_a_count_should_be_refused()
    {
        for (var length = 0; length < 4; length++)
        {
            AssertRefused(new byte[length], (ref r) => r.Names());
        }
    }

    [Fact]
    public void List_item_with_more_than_its_fields_should_be_refused()
    {
        var encoding = new EncWriter(Label).List([1U], static (w, i) => w.U32(i).U32(i)).ToArray();
        Assert.Throws<MalformedException>(() => new EncReader(encoding, Label).List(static (ref item) => item.U32()));
    }

    [Fact]
    public void Full_list_should_be_read() => Assert.Equal(
        EncReader.MaxItems,
        new EncReader(new EncWriter(Label).Bytes(ListField(EncReader.MaxItems, EncReader.MaxItems)).ToArray(), Label)
            .List(static (ref item) => item.U32()).Count);

    private static byte[] ListField(uint says, int has)
    {
        // An encoding of the items alone is the list's field after its label and outer length: cut those off, set the count.
        var field = new EncWriter("").List(Enumerable.Range(0, has).ToArray(), static (w, i) => w.U32((uint)i)).ToArray()[8..];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(field, says);
        return field;
    }

    private static void AssertRefused(byte[] field, Reading read)
    {
        var encoding = new EncWriter(Label).Bytes(field).ToArray();
        Assert.Throws<MalformedException>(() =>
        {
            var reader = new EncReader(encoding, Label);
            read(ref reader);
        });
    }
}
