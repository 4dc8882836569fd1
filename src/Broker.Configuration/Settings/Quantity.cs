using System.Globalization;

namespace Broker.Configuration.Settings;

/// <summary>A number with a unit, as durations and sizes are written.</summary>
internal static class Quantity
{
    /// <summary>Splits text into number and unit; the whitespace around each is dropped.</summary>
    public static bool TrySplit(string text, out decimal number, out string unit)
    {
        var trimmed = text.AsSpan().Trim();
        var length = 0;
        while (length < trimmed.Length && (char.IsAsciiDigit(trimmed[length]) || trimmed[length] is '.' or '-'))
            length++;
        unit = trimmed[length..].Trim().ToString();
        return decimal.TryParse(
            trimmed[..length], NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Scales to whole units; false if the result is no whole number or too large.</summary>
    public static bool TryScale(decimal number, decimal factor, out long result)
    {
        result = 0;
        try
        {
            var scaled = number * factor;
            if (scaled != decimal.Truncate(scaled) || scaled is > long.MaxValue or < long.MinValue)
                return false;
            result = (long)scaled;
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    /// <summary>Writes a whole number in the largest of the units (largest first) that divides it.</summary>
    public static string Format(long value, ReadOnlySpan<(string Name, long Factor)> units)
    {
        foreach (var (name, factor) in units)
        {
            if (value != 0 && value % factor == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{value / factor} {name}");
        }
        return string.Create(CultureInfo.InvariantCulture, $"{value} {units[^1].Name}");
    }
}
