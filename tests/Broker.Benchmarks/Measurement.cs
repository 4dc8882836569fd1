using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Broker.Benchmarks;

/// <summary>One row of a benchmark: the form of every benchmark's file.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">Of value and baseline.</param>
/// <param name="Value">The broker's.</param>
/// <param name="Baseline">The bare chain's, in the same run; 0, with a ratio of 0, where there is none.</param>
/// <param name="Ratio">Value over baseline for rates, baseline over value for times and bytes: 1 is as good as bare.</param>
internal sealed record Measurement(string Name, string Unit, double Value, double Baseline, double Ratio)
{
    public static Measurement Rate(string name, double value, double baseline) =>
        new(name, "1/s", Math.Round(value, 1), Math.Round(baseline, 1), Math.Round(value / baseline, 3));

    public static Measurement Time(string name, double value, double baseline) =>
        new(name, "ms", Math.Round(value, 3), Math.Round(baseline, 3), Math.Round(baseline / value, 3));

    /// <summary>Bytes for each of something; nothing at all is as good as bare.</summary>
    public static Measurement Bytes(string name, double value, double baseline)
    {
        var (ours, bare) = (Math.Round(value, 1), Math.Round(baseline, 1));
        return new(name, "B", ours, bare, ours <= 0 ? 1 : Math.Round(bare / ours, 3));
    }

    /// <summary>What nothing bare stands beside.</summary>
    public static Measurement Plain(string name, string unit, double value) => new(name, unit, Math.Round(value, 3), 0, 0);

    public static void Print(IReadOnlyList<Measurement> rows)
    {
        Console.WriteLine(
            $"machine: {Environment.ProcessorCount} cores, {Processor()}, {RuntimeInformation.OSDescription}, " +
            RuntimeInformation.FrameworkDescription);
        Console.WriteLine($"{"name",-40} {"unit",-5} {"broker",12} {"bare",12} {"ratio",7}");
        foreach (var row in rows)
        {
            var bare = row.Baseline == 0 && row.Ratio == 0
                ? FormattableString.Invariant($"{"-",12} {"-",7}")
                : FormattableString.Invariant($"{row.Baseline,12:0.0##} {row.Ratio,7:0.000}");
            Console.WriteLine(FormattableString.Invariant($"{row.Name,-40} {row.Unit,-5} {row.Value,12:0.0##} {bare}"));
        }
    }

    public static void Write(string file, IReadOnlyList<Measurement> rows) =>
        File.WriteAllText(file, JsonSerializer.Serialize([.. rows], MeasurementJson.Default.MeasurementArray));

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1]
            .Trim() ?? "unknown";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Measurement[]))]
internal sealed partial class MeasurementJson : JsonSerializerContext;
