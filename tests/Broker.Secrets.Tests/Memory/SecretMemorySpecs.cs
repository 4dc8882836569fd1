namespace Broker.Secrets.Tests;

public sealed class SecretMemorySpecs
{
    public static TheoryData<SecretMemoryBacking> Backings => [SecretMemoryBacking.MemfdSecret, SecretMemoryBacking.Mmap];

    [SkippableTheory]
    [MemberData(nameof(Backings))]
    public void Memory_should_hold_secrets_on_each_backing(SecretMemoryBacking backing)
    {
        using var memory = TestMemory.Make(1 << 16, backing);
        using var one = memory.Allocate(33);
        using var two = memory.Allocate(5000);

        Assert.False(one.Span.ContainsAnyExcept((byte)0));
        one.Span.Fill(1);
        two.Span.Fill(2);

        Assert.False(one.Span.ContainsAnyExcept((byte)1));
        Assert.Equal(backing, memory.Backing);
        Assert.Equal((5033, 2), (memory.LiveBytes, memory.LiveBuffers));
    }

    [SkippableTheory]
    [MemberData(nameof(Backings))]
    public void Memory_should_lie_between_guard_pages(SecretMemoryBacking backing)
    {
        using var memory = TestMemory.Make(1 << 16, backing);
        long from = memory.Arena.Base, to = from + memory.Capacity;
        var mappings = OwnMemory.Mappings().ToList();

        Assert.Contains(mappings, mapping => mapping.From == from && mapping.To == to && mapping.Permissions[..2] == "rw");
        Assert.Contains(mappings, mapping => mapping.To == from && mapping.Permissions == "---p");
        Assert.Contains(mappings, mapping => mapping.From == to && mapping.Permissions == "---p");
    }

    [SkippableTheory]
    [InlineData(SecretMemoryBacking.Mmap, "lo", "dd", "wf")]
    [InlineData(SecretMemoryBacking.MemfdSecret, "lo", "dd", "dc")]
    public void Memory_should_be_locked_kept_from_dumps_and_from_children(SecretMemoryBacking backing, params string[] flags)
    {
        using var memory = TestMemory.Make(1 << 16, backing);

        Assert.Subset(OwnMemory.FlagsOf(memory.Arena.Base), flags.ToHashSet());
    }

    [SkippableFact]
    public void Memory_of_the_kernel_kind_should_be_invisible_even_to_its_own_process()
    {
        using var memory = TestMemory.Make(1 << 16, SecretMemoryBacking.MemfdSecret);
        using var secret = memory.Allocate(32);
        SystemRandom.Fill(secret.Span);

        Assert.Equal(0, OwnMemory.Count(OwnMemory.Masked(secret.Span)));
    }

    [Fact]
    public void Automatic_backing_should_be_one_of_the_two()
    {
        using var memory = new SecretMemory(1 << 16);

        Assert.NotEqual(SecretMemoryBacking.Auto, memory.Backing);
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Full_memory_should_refuse_at_once_and_serve_again_after_a_release()
    {
        using var memory = new SecretMemory(1 << 14, SecretMemoryBacking.Mmap);
        var held = Enumerable.Range(0, 256).Select(_ => memory.Allocate(64)).ToList();

        var refusal = Assert.Throws<SecretMemoryExhaustedException>(() => memory.Allocate(1));
        Assert.Equal(1, refusal.Length);
        Assert.Equal(256, memory.LiveBuffers);

        held.ForEach(static buffer => buffer.Dispose());
        using var whole = memory.Allocate(1 << 14);
        Assert.Equal(1, memory.LiveBuffers);
    }

    [Fact]
    public void Disposed_memory_should_refuse_buffers_and_outlive_those_it_gave()
    {
        var memory = new SecretMemory(1 << 14, SecretMemoryBacking.Mmap);
        long from = memory.Arena.Base;
        var last = memory.Allocate(16);

        memory.Dispose();
        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => memory.Allocate(16));
        last.Span.Fill(1);
        Assert.Contains(OwnMemory.Mappings(), mapping => mapping.From == from);
        last.Dispose();
        Assert.DoesNotContain(OwnMemory.Mappings(), mapping => mapping.From <= from && mapping.To > from && mapping.Permissions[1] == 'w');
    }

    [Fact]
    public void Default_memory_should_be_configured_once()
    {
        Assert.Equal(SecretMemoryBacking.Mmap, SecretMemory.Default.Backing);
        Assert.Throws<InvalidOperationException>(() => SecretMemory.Configure(1 << 20));
    }

    [Theory]
    [InlineData(4095)]
    [InlineData((1L << 36) + 1)]
    public void Capacity_out_of_range_should_be_refused(long capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecretMemory(capacity));
}
