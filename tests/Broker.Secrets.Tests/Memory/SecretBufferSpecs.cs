using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Broker.Secrets.Tests;

public sealed class SecretBufferSpecs
{
    [Fact]
    public unsafe void Dispose_should_zero_the_bytes_and_return_the_slot()
    {
        using var memory = new SecretMemory(1 << 16, SecretMemoryBacking.Mmap);
        using var kept = memory.Allocate(100);
        var buffer = memory.Allocate(100);
        buffer.Span.Fill(0xee);
        var bytes = (byte*)Unsafe.AsPointer(ref buffer.Span[0]);

        buffer.Dispose();
        buffer.Dispose();

        Assert.False(new Span<byte>(bytes, 100).ContainsAnyExcept((byte)0));
        Assert.Equal((100, 1), (memory.LiveBytes, memory.LiveBuffers));
    }

    [Fact]
    [Trait("Statement", "W6")]
    public void W6_wiped_buffer_should_throw_when_read()
    {
        var buffer = SecretBuffer.Allocate(8);
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Throws<ObjectDisposedException>(buffer.Move);
        Assert.Throws<ObjectDisposedException>(() => buffer.Shrink(1));
        Assert.Throws<ObjectDisposedException>(() => buffer.FixedTimeEquals(default));
        Assert.True(buffer.IsEmptied);
        Assert.Equal(8, buffer.Length);
    }

    [Fact]
    public void Move_should_leave_the_old_owner_empty_and_without_effect()
    {
        var before = SecretMemory.Default.LiveBuffers;
        var first = SecretBuffer.CopyOf("moved"u8);
        using (var second = first.Move())
        {
            Assert.Throws<ObjectDisposedException>(() => first.Span.Length);
            first.Dispose();

            Assert.True(second.FixedTimeEquals("moved"u8));
            Assert.Equal(before + 1, SecretMemory.Default.LiveBuffers);
        }

        Assert.Equal(before, SecretMemory.Default.LiveBuffers);
    }

    [Fact]
    public unsafe void Shrink_should_shorten_and_zero_the_tail()
    {
        using var buffer = SecretBuffer.CopyOf("head-tail"u8);
        var tail = (byte*)Unsafe.AsPointer(ref buffer.Span[4]);

        buffer.Shrink(4);

        Assert.Equal(4, buffer.Length);
        Assert.True(buffer.FixedTimeEquals("head"u8));
        Assert.False(new Span<byte>(tail, 5).ContainsAnyExcept((byte)0));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Shrink(5));
    }

    [Fact]
    public void Comparison_should_tell_lengths_and_bytes_apart()
    {
        using var buffer = SecretBuffer.CopyOf("abc"u8);

        Assert.True(buffer.FixedTimeEquals("abc"u8));
        Assert.False(buffer.FixedTimeEquals("abd"u8));
        Assert.False(buffer.FixedTimeEquals("ab"u8));
    }

    [Fact]
    public void Text_should_show_no_byte()
    {
        using var buffer = SecretBuffer.CopyOf("correct horse"u8);

        Assert.Equal("secret of 13 bytes", buffer.ToString());
        Assert.Equal("secret of 13 bytes", $"{buffer}");
    }

    [Fact]
    public void Json_should_refuse_a_buffer()
    {
        using var buffer = SecretBuffer.CopyOf("correct horse"u8);

        Assert.ThrowsAny<Exception>(() => JsonSerializer.Serialize(buffer));
    }

    [SkippableFact]
    public void Empty_and_longest_secrets_should_be_held()
    {
        using var memory = TestMemory.Make(SecretMemory.LargestLength, SecretMemoryBacking.Mmap);
        using (var empty = memory.Allocate(0))
            Assert.True(empty.Span.IsEmpty);
        using (var longest = memory.Allocate(SecretMemory.LargestLength))
            longest.Span.Fill(1);

        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Allocate(SecretMemory.LargestLength + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Allocate(-1));
    }

    [Fact]
    public void Forgotten_buffer_should_be_wiped_and_counted()
    {
        using var memory = new SecretMemory(1 << 16, SecretMemoryBacking.Mmap);
        Forget(memory);

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal((1, 0, 0), (memory.LeakedBuffers, memory.LiveBuffers, memory.LiveBytes));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(SecretMemory memory) => memory.Allocate(10).Span.Fill(7);
}
