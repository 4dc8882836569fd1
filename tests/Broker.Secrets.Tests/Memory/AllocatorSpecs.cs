using FsCheck;
using FsCheck.Fluent;

namespace Broker.Secrets.Tests;

public sealed class AllocatorSpecs
{
    [Fact]
    public void Slots_should_neither_overlap_nor_keep_anything_and_should_merge_to_one_block()
    {
        using var memory = new SecretMemory(1 << 18, SecretMemoryBacking.Mmap);
        var step = Gen.Choose(0, 99).SelectMany(_ => Gen.Choose(0, 17), static (choice, log) => (choice, log)).SelectMany(
            static _ => Gen.Choose(0, 1 << 20), static (head, random) => new Step(head.choice < 60, head.log, random));

        Prop.ForAll(Gen.ListOf(step, 300).ToArbitrary(), steps => Follow(memory, steps)).QuickCheckThrowOnFailure();
    }

    [SkippableTheory]
    [InlineData(4096 * 3)]
    [InlineData(4096 * 257)]
    [InlineData((16 << 20) + 4096)]
    public void Capacity_that_is_no_power_of_two_should_be_used_to_its_end(long capacity)
    {
        using var memory = TestMemory.Make(capacity, SecretMemoryBacking.Mmap);
        var atRest = memory.FreeBlocks();
        Assert.Equal(capacity, atRest.Sum(static block => block.Length));

        var held = new List<SecretBuffer>();
        for (long taken = 0; taken < capacity; taken += 4096)
            held.Add(memory.Allocate(4096));
        Assert.Throws<SecretMemoryExhaustedException>(() => memory.Allocate(1));
        foreach (var buffer in held)
        {
            buffer.Span.Fill(1);
            buffer.Dispose();
        }

        Assert.Equal(atRest, memory.FreeBlocks());
    }

    [Fact]
    public async Task Slots_should_stay_apart_under_concurrent_use()
    {
        using var memory = new SecretMemory(1 << 16, SecretMemoryBacking.Mmap);
        var atRest = memory.FreeBlocks();

        var defects = await Task.WhenAll(Enumerable.Range(1, 4).Select(worker => Task.Run(() => Work(memory, (byte)worker))));

        Assert.All(defects, static defect => Assert.Equal(0, defect));
        Assert.Equal((0, 0), (memory.LiveBytes, memory.LiveBuffers));
        Assert.Equal(atRest, memory.FreeBlocks());
    }

    private static int Work(SecretMemory memory, byte mark)
    {
        var defects = 0;
        var held = new Queue<SecretBuffer>();
        for (var round = 0; round < 20_000; round++)
        {
            try
            {
                var buffer = memory.Allocate(round * 37 % 3000);
                defects += buffer.Span.ContainsAnyExcept((byte)0) ? 1 : 0;
                buffer.Span.Fill(mark);
                held.Enqueue(buffer);
            }
            catch (SecretMemoryExhaustedException)
            {
                // Full is a right answer; what is held goes back below.
            }

            while (held.Count > round % 16)
                defects += GiveBack(held.Dequeue(), mark);
        }

        return defects + held.Sum(buffer => GiveBack(buffer, mark));
    }

    private static int GiveBack(SecretBuffer buffer, byte mark)
    {
        var defect = buffer.Span.ContainsAnyExcept(mark) ? 1 : 0;
        buffer.Dispose();
        return defect;
    }

    private static void Follow(SecretMemory memory, IEnumerable<Step> steps)
    {
        var live = new List<(SecretBuffer Buffer, byte Mark)>();
        byte next = 0;
        foreach (var step in steps)
        {
            if (step.Allocates)
                Allocate(memory, live, (1 << step.Log) - (step.Random % ((1 << step.Log) / 2 + 1)), next = (byte)(next % 255 + 1));
            else if (live.Count > 0)
                Release(live, step.Random % live.Count);
            Assert.Equal(live.Sum(static entry => (long)entry.Buffer.Length), memory.LiveBytes);
            Assert.Equal(live.Count, memory.LiveBuffers);
        }

        while (live.Count > 0)
            Release(live, live.Count / 2);
        Assert.Equal([(0L, memory.Capacity)], memory.FreeBlocks());
    }

    private static void Allocate(SecretMemory memory, List<(SecretBuffer Buffer, byte Mark)> live, int length, byte mark)
    {
        SecretBuffer buffer;
        try
        {
            buffer = memory.Allocate(length);
        }
        catch (SecretMemoryExhaustedException)
        {
            var slot = Math.Max(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));
            Assert.DoesNotContain(memory.FreeBlocks(), block => block.Length >= slot);
            return;
        }

        Assert.False(buffer.Span.ContainsAnyExcept((byte)0));
        buffer.Span.Fill(mark);
        live.Add((buffer, mark));
    }

    private static void Release(List<(SecretBuffer Buffer, byte Mark)> live, int at)
    {
        var (buffer, mark) = live[at];
        live.RemoveAt(at);
        Assert.False(buffer.Span.ContainsAnyExcept(mark));
        buffer.Dispose();
    }

    private sealed record Step(bool Allocates, int Log, int Random);
}
