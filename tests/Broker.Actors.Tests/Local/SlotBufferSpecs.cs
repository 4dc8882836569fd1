namespace Broker.Actors.Tests.Local;

/// <summary>The memory of a queue: its order over the edges of its arrays, what it counts, and when it gives memory back.</summary>
public sealed class SlotBufferSpecs
{
    [Fact]
    [Trait("Statement", "M1")]
    public void M1_buffer_should_give_back_in_order_over_the_edges_of_its_arrays()
    {
        var buffer = new SlotBuffer<string>();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 20_000; i++)
                buffer.Add($"{i}", null);
            for (var i = 0; i < 20_000; i++)
            {
                Assert.Equal(20_000 - i, buffer.Count);
                Assert.True(buffer.TryTake(out var slot));
                Assert.Equal($"{i}", slot.Message);
            }
            Assert.False(buffer.TryTake(out _));
            Assert.Equal((true, 0), (buffer.IsEmpty, buffer.Count));
        }
    }

    [Theory]
    [Trait("Statement", "M1")]
    [InlineData(true, 256, 63, 256)]
    [InlineData(true, 512, 128, 512)]
    [InlineData(true, 512, 127, 0)]
    [InlineData(false, 512, 127, 512)]
    public void M1_only_an_empty_and_large_buffer_should_be_given_up_and_only_when_a_quarter_is_not_needed(
        bool empty, int places, int needed, int then)
    {
        var buffer = new SlotBuffer<string>();
        for (var i = 0; i < places; i++)
            buffer.Add("x", null);
        while (buffer.Count > (empty ? 0 : 1))
            Assert.True(buffer.TryTake(out _));
        buffer.Trim(needed);
        Assert.Equal(then, buffer.Room);
    }
}
