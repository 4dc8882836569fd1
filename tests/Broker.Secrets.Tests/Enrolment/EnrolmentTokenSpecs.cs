using System.Text;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests.Enrolment;

public sealed class EnrolmentTokenSpecs
{
    private static readonly EnrolmentTerms Terms = new(
        Name.Parse("cluster"), Name.Parse("acme"), Name.Parse("web-1"), "i-0123", ["dmz-1:7444", "[::1]:7444"], Digest.Of([1]),
        Digest.Of([2]),
        DateTimeOffset.FromUnixTimeMilliseconds(1_900_000_000_123));

    private static EnrolmentToken Parse(string text)
    {
        using var buffer = SecretBuffer.CopyOf(Encoding.ASCII.GetBytes(text));
        return EnrolmentToken.Parse(buffer);
    }

    private static string Write(EnrolmentToken token)
    {
        using var text = token.Write();
        return Encoding.ASCII.GetString(text.Span);
    }

    [Fact]
    public void Token_should_come_back_from_its_text()
    {
        using var token = EnrolmentToken.Create(Terms, SystemRandom.Fill);
        var text = Write(token);
        using var again = Parse($"  {text}\r\n");

        Assert.StartsWith("broker-enrol-1.", text, StringComparison.Ordinal);
        Assert.Equal(Terms with { Addresses = [] }, again.Terms with { Addresses = [] });
        Assert.Equal(Terms.Addresses, again.Terms.Addresses);
        Assert.Equal(token.PublicKey, again.PublicKey);
        Assert.Equal(text, Write(again));
        Assert.True(token.PublicKey.Verify("message"u8, again.Sign("message"u8)));
    }

    [Fact]
    public void Token_should_be_refused_when_cut_or_altered_in_form()
    {
        using var token = EnrolmentToken.Create(Terms, SystemRandom.Fill);
        var text = Write(token);
        string[] bad =
        [
            "", "broker-enrol-1.", "broker-enrol-2." + text[15..], text[15..], text[..^1], text[..^8], text + "AAAA", text + "=",
            text.Insert(40, "\n"),
            text.Replace('.', ' '), "broker-enrol-1." + new string('A', EnrolmentToken.MaxLength),
        ];

        Assert.All(bad, static t => Assert.Throws<MalformedException>(() => Parse(t)));
    }

    [Fact]
    public void Token_should_survive_or_refuse_any_changed_character()
    {
        using var token = EnrolmentToken.Create(Terms, SystemRandom.Fill);
        var text = Write(token);
        for (var i = 0; i < text.Length; i++)
        {
            var changed = text[..i] + (text[i] == 'A' ? 'B' : 'A') + text[(i + 1)..];
            try
            {
                using var other = Parse(changed);
                Assert.Equal(changed, Write(other));
            }
            catch (MalformedException)
            {
                // Refused is as good: what may not happen is another error, or two texts of one token.
            }
        }
    }

    [Fact]
    public void Token_should_name_an_address()
    {
        Assert.Throws<ArgumentException>(() => EnrolmentToken.Create(Terms with { Addresses = [] }, SystemRandom.Fill));
        Assert.Throws<ArgumentException>(
            () => EnrolmentToken.Create(Terms with { Addresses = [.. Enumerable.Repeat("a:1", 17)] }, SystemRandom.Fill));
    }
}
