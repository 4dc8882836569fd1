using System.Globalization;
using System.Text;

namespace Broker.MemoryScanner.Report;

/// <summary>A report for people.</summary>
internal static class ReportTable
{
    public static string Format(ScanReport report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Target}: {report.Total} found, {report.BytesScanned} bytes scanned");
        if (report.Findings.Count > 0)
        {
            Append(
                text,
                ["needle", "encoding", "count", "longest", "where", "perm", "first at"],
                report.Findings.Select(
                    f => (string[])[f.Needle, f.Encoding, Text(f.Count), Text(f.Longest), f.Place, f.Permissions, $"0x{f.First:x}"]));
        }

        if (report.Unread.Count > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {report.Unread.Count} places could not be read:");
            Append(
                text,
                ["where", "perm", "bytes", "reason"],
                report.Unread.Select(u => (string[])[u.Place, u.Permissions, u.Bytes == 0 ? "?" : Text(u.Bytes), u.Reason]));
        }

        return text.ToString();
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Append(StringBuilder text, string[] head, IEnumerable<string[]> rows)
    {
        var all = rows.Prepend(head).ToList();
        foreach (var row in all)
        {
            var cells = row.Select((cell, column) => cell.PadRight(all.Max(r => r[column].Length)));
            text.AppendLine("  " + string.Join("  ", cells).TrimEnd());
        }
    }
}
