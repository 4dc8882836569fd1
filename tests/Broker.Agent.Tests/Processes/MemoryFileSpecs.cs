using System.Text;
using Broker.Agent.Native;
using Broker.Agent.Processes;
using Broker.Agent.Tests.Support;

namespace Broker.Agent.Tests.Processes;

public sealed class MemoryFileSpecs
{
    private static string PathOf(MemoryFile file) => $"/proc/self/fd/{file.Descriptor}";

    [Fact]
    public void MemoryFile_should_hold_the_content_in_a_file_of_mode_0600()
    {
        using var secret = Texts.Secret("the-content");
        using var file = MemoryFile.Create(secret);

        Assert.Equal("the-content", File.ReadAllText(PathOf(file)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf(file)));
    }

    [Fact]
    public void MemoryFile_should_be_sealed_against_writing_growing_and_shrinking()
    {
        using var secret = Texts.Secret("the-content");
        using var file = MemoryFile.Create(secret);

        Assert.Equal(
            LibC.SealFutureWrite | LibC.SealGrow | LibC.SealShrink | LibC.SealSeal, LibC.Control(file.Descriptor, LibC.GetSeals, 0));
        Assert.ThrowsAny<UnauthorizedAccessException>(() => File.WriteAllText(PathOf(file), "other"));
        using var handle = File.OpenHandle(PathOf(file), FileMode.Open, FileAccess.ReadWrite);
        Assert.ThrowsAny<Exception>(() => RandomAccess.Write(handle, "x"u8, 0));
        Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(handle, 4));
        Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(handle, 4096));
        Assert.Equal("the-content", File.ReadAllText(PathOf(file)));
    }

    [Fact]
    public void MemoryFile_should_read_as_zeros_to_whoever_still_holds_it_after_its_end()
    {
        using var secret = Texts.Secret("the-content");
        var file = MemoryFile.Create(secret);
        using var escaped = File.OpenRead(PathOf(file));

        file.Dispose();
        file.Dispose();

        var read = new byte[32];
        Assert.Equal(11, escaped.Read(read));
        Assert.All(read, static b => Assert.Equal(0, b));
        Assert.Throws<ObjectDisposedException>(() => file.Descriptor);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(1 << 20)]
    public void MemoryFile_should_hold_any_size(int length)
    {
        using var secret = Texts.Secret(length, 0x5a);
        using var file = MemoryFile.Create(secret);

        Assert.Equal(secret.Span.ToArray(), File.ReadAllBytes(PathOf(file)));
        Assert.True(file.Descriptor >= MemoryFile.LowestDescriptor);
    }

    [Fact]
    public void MemoryFile_should_leave_no_descriptor_behind()
    {
        using var secret = Texts.Secret("the-content");
        string target;
        using (var file = MemoryFile.Create(secret))
            target = new FileInfo(PathOf(file)).LinkTarget!;

        Assert.StartsWith("/memfd:credential", target, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", target, StringComparison.Ordinal);
        Assert.Equal("the-content", Encoding.UTF8.GetString(secret.Span));
    }
}
