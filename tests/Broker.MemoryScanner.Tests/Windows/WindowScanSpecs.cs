using Broker.MemoryScanner.Windows;

namespace Broker.MemoryScanner.Tests.Windows;

public sealed class WindowScanSpecs
{
    private static readonly byte[] Info = [.. "an info"u8];

    // A key is 32 bytes; the secret that the victim holds is longer, and any part of it may be one.
    private static RowAttack AttackOn(int at) => new(
        Info, RowAttackSpecs.Expanded(Samples.Secret[at..(at + 32)], Info), new byte[16], []);

    [Theory]
    [InlineData("array", 0)]
    [InlineData("native", 0)]
    [InlineData("native", 3)]
    [InlineData("locked", 5)]
    [InlineData("unreadable", 0)]
    [InlineData("across-pages", 1)]
    [InlineData("shared-mapping", 0)]
    public async Task Scan_should_find_a_key_once_at_any_offset_and_not_after_it_was_wiped(string form, int at)
    {
        using var victim = await VictimProcess.HoldAsync(form, Samples.Secret);
        var held = WindowScan.Run(victim.Id, 1, AttackOn(at));
        Assert.Single(held.Hits);
        Assert.Empty(held.Unread);
        Assert.True(held.Tried > 1 << 20, $"only {held.Tried} windows of {held.Bytes} bytes were tried");

        await victim.WipeAsync();
        Assert.Empty(WindowScan.Run(victim.Id, 1, AttackOn(at)).Hits);
    }

    [Fact]
    public async Task Stride_should_find_what_is_aligned_and_miss_what_is_not()
    {
        using var victim = await VictimProcess.HoldAsync("locked", Samples.Secret);
        Assert.Single(WindowScan.Run(victim.Id, 8, AttackOn(0)).Hits);
        Assert.Empty(WindowScan.Run(victim.Id, 8, AttackOn(1)).Hits);
    }

    [SkippableFact]
    public async Task Hidden_memory_should_be_listed_as_unread()
    {
        using var victim = await VictimProcess.HoldAsync("memfd-secret", Samples.Secret);
        Skip.IfNot(victim.IsSupported, "this kernel has no memfd_secret");
        var report = WindowScan.Run(victim.Id, 8, AttackOn(0));
        Assert.Empty(report.Hits);
        Assert.Contains(report.Unread, static place => place.Contains("secretmem", StringComparison.Ordinal));
    }

    [Fact]
    public void Own_process_and_none_should_be_refused()
    {
        Assert.Throws<ScanException>(() => WindowScan.Run(Environment.ProcessId, 8, AttackOn(0)));
        Assert.Throws<ScanException>(() => WindowScan.Run(int.MaxValue, 8, AttackOn(0)));
    }
}
