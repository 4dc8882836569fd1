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
    [InlineData("locked", 8)]
    [InlineData("unreadable", 0)]
    [InlineData("across-pages", 4)]
    [InlineData("shared-mapping", 0)]
    public async Task Scan_should_find_a_key_once_and_not_after_it_was_wiped(string form, int at)
    {
        using var victim = await VictimProcess.HoldAsync(form, Samples.Secret);
        var scan = new WindowScan(AttackOn(at), 8);
        var held = scan.Run(victim.Id);
        Assert.Single(held.Hits);
        Assert.Empty(held.Unread);
        Assert.True(held.Tried > 1 << 20, $"only {held.Tried} windows of {held.Bytes} bytes were tried");

        // What did not change is not tried again; where the key was is.
        var again = scan.Run(victim.Id);
        Assert.Equal(held.Hits, again.Hits);
        Assert.InRange(again.Known, again.Bytes / 2, again.Bytes - 1);

        await victim.WipeAsync();
        Assert.Empty(scan.Run(victim.Id).Hits);
    }

    [Fact]
    public async Task Scan_of_every_offset_should_find_what_is_aligned_to_nothing()
    {
        using var victim = await VictimProcess.HoldAsync("locked", Samples.Secret);
        Assert.Empty(new WindowScan(AttackOn(1), 8).Run(victim.Id).Hits);
        Assert.Single(new WindowScan(AttackOn(1), 1).Run(victim.Id).Hits);
    }

    [SkippableFact]
    public async Task Hidden_memory_should_be_listed_as_unread()
    {
        using var victim = await VictimProcess.HoldAsync("memfd-secret", Samples.Secret);
        Skip.IfNot(victim.IsSupported, "this kernel has no memfd_secret");
        var report = new WindowScan(AttackOn(0), 8).Run(victim.Id);
        Assert.Empty(report.Hits);
        Assert.Contains(report.Unread, static place => place.Contains("secretmem", StringComparison.Ordinal));
    }

    [Fact]
    public void Own_process_and_none_should_be_refused()
    {
        Assert.Throws<ScanException>(() => new WindowScan(AttackOn(0), 8).Run(Environment.ProcessId));
        Assert.Throws<ScanException>(() => new WindowScan(AttackOn(0), 8).Run(int.MaxValue));
    }
}
