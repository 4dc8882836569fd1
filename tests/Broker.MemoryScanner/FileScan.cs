using System.Text;
using Broker.MemoryScanner.Linux;
using Broker.MemoryScanner.Report;

namespace Broker.MemoryScanner;

/// <summary>Looks through files: their content and their names. Links below the paths given are not followed.</summary>
public static class FileScan
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>Scans the files given and all files below the directories given, hidden ones too.</summary>
    /// <param name="paths">Files and directories.</param>
    /// <param name="needles">What to look for.</param>
    /// <returns>A report; pipes, devices and sockets, and whatever cannot be read, are listed in it as unread.</returns>
    /// <exception cref="ScanException">A path does not exist.</exception>
    public static ScanReport Run(IEnumerable<string> paths, NeedleSet needles)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(needles);
        var roots = paths.ToList();
        var report = new ReportBuilder(needles);
        foreach (var root in roots)
        {
            if (!Path.Exists(root))
                throw new ScanException($"no file or directory '{root}'");
            Scan(new FileInfo(root).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? root, report);
        }

        return report.Build("files in " + string.Join(", ", roots));
    }

    private static void Scan(string path, ReportBuilder report)
    {
        ScanName(path, report);
        if (new FileInfo(path).LinkTarget is not null)
            return;
        if (Directory.Exists(path))
            ScanDirectory(path, report);
        else if (Native.IsRegularFile(path))
            FileContent.Scan(path, path, report);
        else
            report.Unread(path, FileContent.Permissions, 0, "no regular file");
    }

    private static void ScanDirectory(string path, ReportBuilder report)
    {
        try
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", Everything))
                Scan(entry, report);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report.Unread(path, "directory", 0, e.Message);
        }
    }

    private static void ScanName(string path, ReportBuilder report)
    {
        report.PlaceAt = _ => (path, "name");
        var name = Encoding.UTF8.GetBytes(Path.GetFileName(path));
        name.CopyTo(report.Search.Space);
        report.Search.Advance(name.Length);
        report.Search.Finish();
    }
}
