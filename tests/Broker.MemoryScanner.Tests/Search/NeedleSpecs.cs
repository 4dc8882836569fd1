using System.Text;

namespace Broker.MemoryScanner.Tests.Search;

public class NeedleSpecs
{
    [Theory]
    [InlineData("seven77")]
    [InlineData("aaaaaaaaaaaaaaaa")]
    public void Needle_should_be_refused_when_it_would_be_found_by_chance(string needle)
    {
        var refusal = Assert.Throws<ScanException>(() => new Needle("n", Encoding.ASCII.GetBytes(needle)));
        Assert.DoesNotContain(needle, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Needle_set_should_refuse_what_makes_no_sense()
    {
        var needle = new Needle("n", Samples.Secret);
        Assert.Throws<ScanException>(() => new NeedleSet([]));
        Assert.Throws<ScanException>(() => new NeedleSet([needle, needle]));
        Assert.Throws<ScanException>(() => new NeedleSet([needle], pieces: 7));
    }
}
