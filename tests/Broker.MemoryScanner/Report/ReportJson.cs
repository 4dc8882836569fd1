using System.Text.Json;

namespace Broker.MemoryScanner.Report;

/// <summary>Reports for programs: an array, one object for each target, names as in <see cref="ScanReport"/> in camel case.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Format(IReadOnlyList<ScanReport> reports) => JsonSerializer.Serialize(reports, Options) + Environment.NewLine;
}
