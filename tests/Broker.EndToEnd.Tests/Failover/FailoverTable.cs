using System.Globalization;
using System.Text.Json;

namespace Broker.EndToEnd.Tests.Failover;

/// <summary>Gathers the rounds of a run, and says them: a line each as they come, then medians and the worst beside quiet.</summary>
/// <param name="file">Gets every line; none where it is empty.</param>
internal sealed class FailoverTable(string file)
{
    public const string Quiet = "nothing";

    private readonly Dictionary<string, List<Window>> _rounds = [];

    /// <summary>Enters a round.</summary>
    public string Add(string what, Window window)
    {
        if (!_rounds.TryGetValue(what, out var windows))
            _rounds[what] = windows = [];
        windows.Add(window);
        var failed = string.Join(", ", window.Failed.OrderByDescending(static f => f.Value).Select(static f => $"{f.Key} {f.Value}"));
        return Say(string.Create(CultureInfo.InvariantCulture,
            $"{what}: gap {window.LongestGap.TotalMilliseconds:0} ms, every agent after {window.EveryAgent?.TotalMilliseconds:0} ms, " +
            $"{window.Acknowledged} acknowledged, the load late by {window.Late.TotalMilliseconds:0} ms" +
            $"{(failed.Length > 0 ? "; " + failed : "")}"));
    }

    /// <summary>The table.</summary>
    public void Conclude()
    {
        Say("");
        Say($"{"",-26} {"gap, median",12} {"gap, worst",12} {"every agent",12} {"load late",12}   ms, {Rounds} rounds each, " +
            $"{Environment.ProcessorCount} cores");
        foreach (var (what, windows) in _rounds)
        {
            Say(string.Create(CultureInfo.InvariantCulture,
                $"{what,-26} {Median(windows, Gap),12:0} {windows.Max(Gap),12:0} {Median(windows, Every),12:0} " +
                $"{windows.Max(static w => w.Late.TotalMilliseconds),12:0}"));
        }
    }

    /// <summary>The same in the form of every benchmark's file; the baseline is quiet operation.</summary>
    public void Write(string json)
    {
        var rows = new List<object>();
        foreach (var (what, windows) in _rounds.Where(static r => r.Key != Quiet))
        {
            rows.Add(Row($"failover {what}, gap, median", Median(windows, Gap), Median(_rounds[Quiet], Gap)));
            rows.Add(Row($"failover {what}, gap, worst", windows.Max(Gap), _rounds[Quiet].Max(Gap)));
            rows.Add(Row($"failover {what}, every agent, median", Median(windows, Every), Median(_rounds[Quiet], Every)));
        }

        File.WriteAllText(json, JsonSerializer.Serialize(rows, Indented));
    }

    private static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    private int Rounds => _rounds.Count == 0 ? 0 : _rounds.Values.Max(static w => w.Count);

    private static object Row(string name, double value, double baseline) => new
    {
        name,
        unit = "ms",
        value = Math.Round(value, 1),
        baseline = Math.Round(baseline, 1),
        ratio = Math.Round(baseline / value, 3),
    };

    private static double Gap(Window window) => window.LongestGap.TotalMilliseconds;

    // One that never came is no number: it shows as one that no run can be as slow as.
    private static double Every(Window window) => window.EveryAgent?.TotalMilliseconds ?? 999_999;

    private static double Median(List<Window> windows, Func<Window, double> of)
    {
        var sorted = windows.Select(of).Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private string Say(string line)
    {
        if (file.Length > 0)
            File.AppendAllText(file, line + "\n");
        return line;
    }
}
