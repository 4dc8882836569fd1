using System.Runtime.InteropServices;
using Broker.MemoryScanner.Report;

namespace Broker.MemoryScanner.Linux;

/// <summary>Feeds the content of a file to a search, without its holes.</summary>
internal static class FileContent
{
    /// <summary>Permissions column of what is found in a file.</summary>
    public const string Permissions = "file";

    /// <summary>Scans one file; what cannot be read goes to the report.</summary>
    public static void Scan(string path, string place, ReportBuilder report)
    {
        report.PlaceAt = _ => (place, Permissions);
        try
        {
            using var file = ProcessScan.Open(path);
            foreach (var (start, end) in DataRanges.OfFile(file) ?? [(0, long.MaxValue)])
            {
                report.Search.Begin(start);
                while (report.Search.End < end)
                {
                    var space = report.Search.Space.Span;
                    var count = Native.Read(file, space[..(int)Math.Min(space.Length, end - report.Search.End)], report.Search.End);
                    if (count < 0)
                    {
                        var unread = end == long.MaxValue ? 0 : end - report.Search.End;
                        report.Unread(place, Permissions, unread, Marshal.GetLastPInvokeErrorMessage());
                    }

                    if (count <= 0)
                        break;
                    report.Search.Advance((int)count);
                    report.BytesScanned += count;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report.Unread(place, Permissions, 0, e.Message);
        }

        report.Search.Finish();
    }
}
