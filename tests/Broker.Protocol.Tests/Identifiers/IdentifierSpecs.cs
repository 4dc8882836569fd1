using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Identifiers;

public class IdentifierSpecs
{
    private static readonly string Hex64 = string.Concat(Enumerable.Range(0, 32).Select(i => $"{i:x2}"));

    [Fact]
    public void Digest_should_read_back_from_its_text()
    {
        Assert.True(Digest.TryParse(Hex64, out var digest));
        Assert.Equal(Hex64, digest.ToString());
        Assert.Equal(Convert.FromHexString(Hex64), digest.ToArray());
        Assert.Equal(digest, new Digest(digest.ToArray()));
        Assert.Equal(digest.GetHashCode(), new Digest(digest.ToArray()).GetHashCode());
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Digest.Of([]).ToString());
        Assert.Equal(new string('0', 64), Digest.Zero.ToString());
    }

    [Fact]
    public void Id_should_read_back_from_its_text()
    {
        Assert.True(Id16.TryParse(Hex64[..32], out var id));
        Assert.Equal(Hex64[..32], id.ToString());
        Assert.Equal(Convert.FromHexString(Hex64[..32]), id.ToArray());
        Assert.Equal(id, new Id16(id.ToArray()));
        Assert.Equal(id.GetHashCode(), new Id16(id.ToArray()).GetHashCode());
    }

    [Fact]
    public void Every_bit_should_make_another_identifier()
    {
        for (var bit = 0; bit < 256; bit++)
        {
            var bytes = new byte[32];
            bytes[bit / 8] = (byte)(0x80 >> (bit % 8));
            Assert.NotEqual(Digest.Zero, new Digest(bytes));
            Assert.Equal([bit], Enumerable.Range(0, 256).Where(new Digest(bytes).Bit));
            Assert.NotEqual(default, new Id16(bit < 128 ? bytes.AsSpan(0, 16) : bytes.AsSpan(16)));
        }
    }

    [Fact]
    public void Other_texts_should_not_be_read()
    {
        foreach (var text in (string?[])[null, "", Hex64[1..], Hex64 + "0", "x" + Hex64[1..], " " + Hex64[1..], Hex64[..62] + "é0"])
        {
            Assert.False(Digest.TryParse(text, out var digest));
            Assert.Equal(Digest.Zero, digest);
        }

        foreach (var text in (string?[])[null, "", Hex64[1..32], Hex64[..33], "x" + Hex64[1..32], Hex64])
        {
            Assert.False(Id16.TryParse(text, out var id));
            Assert.Equal(default, id);
        }
    }

    [Fact]
    public void Other_lengths_should_be_refused()
    {
        for (var length = 0; length < 70; length++)
        {
            var bytes = new byte[length];
            Assert.Equal(length != Digest.Length, Record.Exception(() => new Digest(bytes)) is MalformedException);
            Assert.Equal(length != Id16.Length, Record.Exception(() => new Id16(bytes)) is MalformedException);
        }
    }

    [Fact]
    public void Name_should_be_of_its_alphabet_only()
    {
        for (var c = 0; c <= char.MaxValue; c++)
        {
            var valid = c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-';
            Assert.Equal(valid, Name.TryParse(((char)c).ToString(), out _));
        }

        Assert.False(Name.TryParse(null, out _));
        Assert.False(Name.TryParse("", out _));
        Assert.True(Name.TryParse(new string('z', 63), out _));
        Assert.False(Name.TryParse(new string('z', 64), out _));
        Assert.Throws<MalformedException>(() => Name.Parse("A"));
    }

    [Fact]
    public void Identifiers_that_somebody_chose_should_not_meet_in_a_table()
    {
        // Each word is twice the same number, which a hash without a seed takes for nothing.
        var chosen = Enumerable.Range(1, 1000).Select(static i => Id16.TryParse($"{i:x8}{i:x8}{-i:x8}{-i:x8}", out var id) ? id : default);
        Assert.InRange(chosen.Select(static id => id.GetHashCode()).Distinct().Count(), 990, 1000);
    }

    [Fact]
    public void Names_should_be_equal_and_ordered_by_their_bytes()
    {
        Name[] names = [.. new[] { "b", "a-b", "a", "ab", "0", "a0" }.Select(Name.Parse)];
        Assert.Equal(["0", "a", "a-b", "a0", "ab", "b"], names.Order().Select(n => n.Value));
        Assert.Equal(Name.Parse("ab"), Name.Parse(string.Concat("a", "b")));
        Assert.Equal(Name.Parse("ab").GetHashCode(), Name.Parse(string.Concat("a", "b")).GetHashCode());
        Assert.True(Name.Parse("a") < Name.Parse("b") && Name.Parse("b") > Name.Parse("a"));
        Assert.True(Name.Parse("a") <= Name.Parse("a") && Name.Parse("a") >= Name.Parse("a"));
        Assert.Throws<InvalidOperationException>(() => default(Name).Value);
    }

    [Fact]
    public void Keys_should_be_equal_by_value()
    {
        var again = PublicKey.Parse(TestKey.Alice.Public.Bytes.Span);
        Assert.Equal(TestKey.Alice.Public, again);
        Assert.Equal(TestKey.Alice.Public.GetHashCode(), again.GetHashCode());
        Assert.NotEqual(TestKey.Alice.Public, TestKey.Bob.Public);
        Assert.False(again.Equals(null));
        Assert.Equal(Digest.Of(again.Bytes.Span), again.Fingerprint);
    }
}
