namespace Broker.Actors.Tests;

public sealed class RandomSourceSpecs
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(100_000)]
    public void Machine_source_should_fill_the_whole_span_and_nothing_around_it(int length)
    {
        var bytes = new byte[length + 2];
        var everywhere = new bool[length];
        // A byte is 0 by chance once in 256: after 40 fills none is left that was never written.
        for (var i = 0; i < 40; i++)
        {
            RandomSource.System.Fill(bytes.AsSpan(1, length));
            for (var k = 0; k < length; k++)
                everywhere[k] |= bytes[k + 1] != 0;
        }
        Assert.DoesNotContain(false, everywhere);
        Assert.Equal((0, 0), (bytes[0], bytes[^1]));
    }

    [Fact]
    public void Numbers_should_differ_and_fractions_stay_below_one()
    {
        Assert.NotEqual(RandomSource.System.NextUInt64(), RandomSource.System.NextUInt64());
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(RandomSource.System.NextDouble(), 0, 1 - double.Epsilon));
        Assert.Equal(1 - Math.Pow(2, -53), new AllOnes().NextDouble());
    }

    private sealed class AllOnes : RandomSource
    {
        public override void Fill(Span<byte> destination) => destination.Fill(0xff);
    }
}
