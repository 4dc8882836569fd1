using Broker.EndToEnd.Tests.Harness;
using Broker.MemoryScanner;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>Scans of other processes and of files. The test's own process holds the needles and is never scanned.</summary>
internal static class Scan
{
    /// <summary>Scans one process while it is stopped.</summary>
    public static ScanReport Of(BrokerProcess process, NeedleSet needles) => Of(process.Id, needles);

    /// <summary>Scans one process while it is stopped.</summary>
    public static ScanReport Of(int pid, NeedleSet needles)
    {
        var report = ProcessScan.Run(pid, needles, stop: true);
        // What was not read says nothing: only the kernel's own pages may be missing.
        Assert.All(report.Unread, static u => Assert.StartsWith("[v", u.Place, StringComparison.Ordinal));
        Assert.True(report.BytesScanned > 10 << 20, $"only {report.BytesScanned} bytes of {report.Target} were scanned");
        return report;
    }

    /// <summary>Fails when anything was found.</summary>
    public static void Nothing(string when, params IEnumerable<ScanReport> reports)
    {
        var found = reports.Where(static r => r.Total > 0).Select(Describe).ToList();
        Assert.True(found.Count == 0, $"{when}: {string.Join("; ", found)}");
    }

    /// <summary>Fails when a needle was not found: then finding nothing elsewhere would show nothing.</summary>
    public static void Found(string needle, ScanReport report) =>
        Assert.True(report.CountOf(needle) > 0, $"the positive control: {needle} was not found in {report.Target}");

    private static string Describe(ScanReport report) => report.Target + ": " + string.Join(
        ", ", report.Findings.Select(static f => $"{f.Count} × {f.Needle} as {f.Encoding} in {f.Place} {f.Permissions} at 0x{f.First:x}"));
}
