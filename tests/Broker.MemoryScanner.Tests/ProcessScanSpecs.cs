using System.Diagnostics;

namespace Broker.MemoryScanner.Tests;

public class ProcessScanSpecs
{
    [Theory]
    [InlineData("array", "raw")]
    [InlineData("native", "raw")]
    [InlineData("locked", "raw")]
    [InlineData("unreadable", "raw")]
    [InlineData("across-pages", "raw")]
    [InlineData("memfd", "raw")]
    [InlineData("shared-mapping", "raw")]
    [InlineData("string", "utf-16")]
    [InlineData("base64", "base64")]
    [InlineData("base64-string", "base64-utf-16")]
    [InlineData("hex", "hex")]
    public async Task Scan_should_find_a_secret_once_and_not_after_it_was_wiped(string form, string encoding)
    {
        using var victim = await VictimProcess.HoldAsync(form, Samples.Secret);

        var held = ProcessScan.Run(victim.Id, Samples.Needles, stop: true);
        var finding = Assert.Single(held.Findings);
        Assert.Equal((Samples.Name, encoding, 1L), (finding.Needle, finding.Encoding, finding.Count));
        Assert.True(held.BytesScanned > 1 << 20, $"only {held.BytesScanned} bytes were scanned");
        Assert.Empty(held.Unread);

        await victim.WipeAsync();
        Assert.Empty(ProcessScan.Run(victim.Id, Samples.Needles, stop: true).Findings);
    }

    [Theory]
    [InlineData("locked", "[anon]", "rw-p")]
    [InlineData("unreadable", "[anon]", "---p")]
    [InlineData("native", "[heap]", "rw-p")]
    [InlineData("shared-mapping", "/memfd:held (deleted)", "rw-s")]
    public async Task Finding_should_name_the_mapping(string form, string place, string permissions)
    {
        using var victim = await VictimProcess.HoldAsync(form, Samples.Secret);
        var finding = Assert.Single(ProcessScan.Run(victim.Id, Samples.Needles).Findings);
        Assert.Equal((place, permissions), (finding.Place, finding.Permissions));
    }

    [SkippableFact]
    public async Task Scan_should_list_hidden_memory_as_unread_because_it_cannot_see_it()
    {
        using var victim = await VictimProcess.HoldAsync("memfd-secret", Samples.Secret);
        Skip.IfNot(victim.IsSupported, "this kernel has no memfd_secret");

        var report = ProcessScan.Run(victim.Id, Samples.Needles, stop: true);
        Assert.Empty(report.Findings);
        Assert.Contains(
            report.Unread, u => u.Place.Contains("secretmem", StringComparison.Ordinal) && u.Bytes == Environment.SystemPageSize);
    }

    [Fact]
    public async Task Scan_should_count_a_piece_only_when_asked()
    {
        byte[] half = [.. Samples.Secret[..20], .. new byte[20].Select(_ => (byte)'#')];
        using var victim = await VictimProcess.HoldAsync("string", half);

        Assert.Equal(0, ProcessScan.Run(victim.Id, Samples.Needles).Total);
        var pieces = new NeedleSet([new Needle(Samples.Name, Samples.Secret)], pieces: 12);
        var finding = Assert.Single(ProcessScan.Run(victim.Id, pieces, stop: true).Findings);
        // 20 characters, and the zero byte that stands for every missing one as well.
        Assert.Equal(("piece-utf-16", 1L, 40), (finding.Encoding, finding.Count, finding.Longest));
    }

    [Fact]
    public async Task Scan_should_let_a_stopped_process_go_on()
    {
        using var victim = await VictimProcess.HoldAsync("array", Samples.Secret);
        _ = ProcessScan.Run(victim.Id, Samples.Needles, stop: true);
        await victim.WipeAsync();
    }

    [Fact]
    public async Task Scan_should_leave_a_process_stopped_that_was_so_before()
    {
        using var victim = await VictimProcess.HoldAsync("array", Samples.Secret);
        using var outer = new Linux.StoppedProcess(victim.Id);
        Assert.Equal(1, ProcessScan.Run(victim.Id, Samples.Needles, stop: true).Total);
        Assert.Contains(" (scan-victim) T ", File.ReadAllText($"/proc/{victim.Id}/stat"), StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_should_refuse_a_process_that_is_not_there()
    {
        using var ended = Process.Start(new ProcessStartInfo("/bin/true"))!;
        ended.WaitForExit();
        var refusal = Assert.Throws<ScanException>(() => ProcessScan.Run(ended.Id, Samples.Needles));
        Assert.Contains($"no process {ended.Id}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scan_should_refuse_itself()
    {
        var refusal = Assert.Throws<ScanException>(() => ProcessScan.Run(Environment.ProcessId, Samples.Needles));
        Assert.Contains("does not scan itself", refusal.Message, StringComparison.Ordinal);
    }
}
