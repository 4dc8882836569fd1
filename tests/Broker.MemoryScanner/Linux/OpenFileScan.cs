using Broker.MemoryScanner.Report;

namespace Broker.MemoryScanner.Linux;

/// <summary>Scans the deleted files that a process has open: a memfd is memory of the process even where nothing maps it.</summary>
internal static class OpenFileScan
{
    private const string Deleted = " (deleted)";

    public static void Run(int pid, ReportBuilder report)
    {
        foreach (var descriptor in Directory.EnumerateFiles($"/proc/{pid}/fd"))
        {
            // /dev/zero (deleted) and the like are shared mappings, not files.
            if (Target(descriptor) is not { } target || !target.EndsWith(Deleted, StringComparison.Ordinal))
                continue;
            FileContent.Scan(descriptor, $"fd {Path.GetFileName(descriptor)} {target}", report);
        }
    }

    private static string? Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null; // closed meanwhile
        }
    }
}
