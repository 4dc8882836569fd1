using Google.Protobuf;

namespace Broker.Protocol.Tests.Baselines;

/// <summary>
/// This version against the ones before it, whose contracts stand under <c>Versions</c> as they were released: what one writes, the other
/// reads, in both directions.
/// </summary>
public class WireVersionSpecs
{
    private static readonly string[] Links = ["agent-wire.txt", "peer-wire.txt", "zone-wire.txt"];

    private const int Current = (int)Wire.WireVersion.Current;

    public static TheoryData<int, string> Released
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (var link in Links)
            {
                for (var version = 1; version < Current; version++)
                {
                    data.Add(version, link);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Released))]
    public void A_contract_should_only_have_been_added_to(int version, string link) =>
        Assert.Empty(Before(version, link).BrokenBy(Contract(link)));

    [Theory]
    [MemberData(nameof(Released))]
    public void What_an_earlier_version_writes_should_be_read_whole(int version, string link)
    {
        var before = Before(version, link);
        foreach (var message in before.Messages.Keys)
        {
            var written = new WireBytes(before).Write(message);

            // Nothing of it is unknown, and what it does not say is as if it were not there.
            Assert.Equal(Convert.ToHexString(written), Convert.ToHexString(Known(message, written)));
        }
    }

    [Theory]
    [MemberData(nameof(Released))]
    public void What_this_version_writes_should_be_read_by_an_earlier_one_as_far_as_it_knows(int version, string link)
    {
        var before = Before(version, link);
        foreach (var message in before.Messages.Keys)
        {
            var written = Known(message, new WireBytes(Contract(link)).Write(message));

            Assert.Equal(
                Convert.ToHexString(new WireBytes(before).Write(message)),
                Convert.ToHexString(new WireBytes(before).Read(message, written)));
        }
    }

    // A version is not given twice: what differs from the last released one is the next.
    [Fact]
    public void A_contract_that_has_changed_should_be_a_version_of_its_own()
    {
        Assert.Throws<InvalidOperationException>(() => Baseline.Lines($"version-{Current}/peer-wire.txt"));
        Assert.Contains(Links, link => !Baseline.Lines(link).SequenceEqual(Baseline.Lines($"version-{Current - 1}/{link}")));
    }

    [Theory]
    [InlineData("  1 a: BYTES", "  2 a: BYTES", "field 1 a of m is gone")]
    [InlineData("  1 a: BYTES", "  2 a: BYTES", "field a of m has another number")]
    [InlineData("  1 a: BYTES", "  1 b: BYTES", "field 1 of m was  BYTES a, is  BYTES b")]
    [InlineData("  1 a: BYTES", "  1 a: STRING", "field 1 of m was  BYTES a, is  STRING a")]
    [InlineData("  1 a: BYTES", "  1 a: repeated BYTES", "field 1 of m was  BYTES a, is repeated BYTES a")]
    [InlineData("  1 a: BYTES", "", "field 1 a of m is gone")]
    [InlineData("  1 a: oneof k BYTES", "  1 a: oneof k BYTES\n  2 b: oneof k BYTES", "field b of m is new in a oneof of before")]
    public void What_breaks_a_contract_should_be_noticed(string before, string after, string said) =>
        Assert.Contains(said, Of(before).BrokenBy(Of(after)));

    [Fact]
    public void A_message_that_is_gone_should_be_noticed_and_one_that_is_new_should_not()
    {
        var (one, two) = (WireContract.Parse(["message a"]), WireContract.Parse(["message a", "message b"]));
        Assert.Equal(["message b is gone"], two.BrokenBy(one));
        Assert.Empty(one.BrokenBy(two));
        Assert.Empty(Of("  1 a: BYTES").BrokenBy(Of("  1 a: BYTES\n  2 b: repeated STRING")));
    }

    [Fact]
    public void Bytes_that_an_earlier_version_does_not_know_should_be_left_out_by_it()
    {
        var (before, now) = (Of("  1 a: BYTES"), Of("  1 a: BYTES\n  2 b: UINT32"));
        var written = new WireBytes(now).Write("m");

        Assert.NotEqual(new WireBytes(before).Write("m"), written);
        Assert.Equal(new WireBytes(before).Write("m"), new WireBytes(before).Read("m", written));
    }

    private static WireContract Of(string fields) => WireContract.Parse(["message m", .. fields.Split('\n')]);

    private static WireContract Contract(string link) => WireContract.Parse(Baseline.Lines(link));

    private static WireContract Before(int version, string link) => WireContract.Parse(Baseline.Lines($"version-{version}/{link}"));

    /// <summary>What this program's own code reads of a message, written again by it.</summary>
    private static byte[] Known(string message, byte[] bytes)
    {
        var files = new[]
        {
            Wire.Agent.AgentReflection.Descriptor, Wire.Peer.PeerReflection.Descriptor, Wire.Zone.ZoneReflection.Descriptor,
        };
        var descriptor = files.SelectMany(static f => f.MessageTypes).Single(m => m.FullName == message);
        return descriptor.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes).ToByteArray();
    }
}
