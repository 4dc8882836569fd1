using System.Text;
using Broker.MemoryScanner.Search;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.MemoryScanner.Tests.Search;

public class RunSearchSpecs
{
    private const int Chunk = 1 << 20;

    [Fact]
    public void Search_should_find_a_needle_at_every_offset_around_a_chunk_border()
    {
        for (var at = Chunk - 60; at < Chunk + 20; at++)
        {
            var data = new byte[2 * Chunk];
            Samples.Secret.CopyTo(data, at);
            Assert.Equal([(long)at], Find(Samples.Needles, data, pieceSize: Chunk));
        }
    }

    [Fact]
    public void Search_should_find_every_copy_however_the_bytes_arrive()
    {
        var arbitrary = Gen.Choose(1, 5000).Two()
            .SelectMany(sizes => Gen.Choose(0, 60).ListOf(200).Select(gaps => (sizes.Item1, Gaps: gaps.ToArray())))
            .ToArbitrary();
        Prop.ForAll(arbitrary, sample =>
        {
            var data = new List<byte>();
            var expected = new List<long>();
            foreach (var gap in sample.Gaps)
            {
                data.AddRange(Enumerable.Repeat((byte)'w', gap));
                expected.Add(data.Count);
                data.AddRange(Samples.Secret);
            }

            return Find(Samples.Needles, [.. data], sample.Item1).Order().SequenceEqual(expected);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(100)]
    public void Search_should_find_needles_of_any_length_at_any_offset(int length)
    {
        byte[] needle = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 37 % 251))];
        var needles = new NeedleSet([new Needle("n", needle)]);
        for (var at = 0; at < 64; at++)
        {
            var data = new byte[256];
            needle.CopyTo(data, at);
            Assert.Equal([(long)at], Find(needles, data, pieceSize: 256));
        }
    }

    [Fact]
    public void Search_should_find_every_piece_of_the_length_asked_for_and_no_shorter_one()
    {
        var needles = new NeedleSet([new Needle(Samples.Name, Samples.Secret)], pieces: 12);
        for (var from = 0; from <= Samples.Secret.Length - 12; from++)
        {
            for (var at = 100; at < 120; at++)
            {
                var data = new byte[256];
                Samples.Secret.AsSpan(from, 12).CopyTo(data.AsSpan(at));
                Assert.Equal([(long)at], Find(needles, data, pieceSize: 256));
                data[at + 5] ^= 1;
                Assert.Empty(Find(needles, data, pieceSize: 256));
            }
        }
    }

    [Fact]
    public void Search_should_find_the_largest_needle_in_base64()
    {
        byte[] needle = [.. Enumerable.Range(0, Needle.MaximumLength).Select(i => (byte)((i ^ (i >> 8)) % 253))];
        var needles = new NeedleSet([new Needle("n", needle)]);
        var text = Encoding.ASCII.GetBytes(new string('x', 12345) + Convert.ToBase64String(needle) + "x");
        Assert.Equal([12345L], Find(needles, text, pieceSize: 700_000));
    }

    [Fact]
    public void Search_should_not_join_runs_that_are_apart()
    {
        var found = new List<long>();
        var search = new RunSearch(Samples.Needles.Index, (_, address, _) => found.Add(address));
        Feed(search, 1000, Samples.Secret.AsSpan(0, 20));
        Feed(search, 2000, Samples.Secret.AsSpan(20));
        search.Finish();
        Assert.Empty(found);
        Feed(search, 3000, Samples.Secret.AsSpan(0, 20));
        Feed(search, 3020, Samples.Secret.AsSpan(20));
        search.Finish();
        Assert.Equal([3000L], found);
    }

    private static List<long> Find(NeedleSet needles, byte[] data, int pieceSize)
    {
        var found = new List<long>();
        var search = new RunSearch(needles.Index, (_, address, _) => found.Add(address));
        for (var at = 0; at < data.Length; at += pieceSize)
            Feed(search, at, data.AsSpan(at, Math.Min(pieceSize, data.Length - at)));
        search.Finish();
        return found;
    }

    private static void Feed(RunSearch search, long address, ReadOnlySpan<byte> bytes)
    {
        search.Begin(address);
        bytes.CopyTo(search.Space.Span);
        search.Advance(bytes.Length);
    }
}
