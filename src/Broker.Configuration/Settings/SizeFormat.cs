namespace Broker.Configuration.Settings;

/// <summary>
/// Section "Size in bytes format" of the HOCON specification. A number without a unit is in bytes; one letter means powers of
/// two.
/// </summary>
internal static class SizeFormat
{
    private const string Letters = "KMGTPE";

    private static readonly string[] Prefixes = ["kilo", "mega", "giga", "tera", "peta", "exa"];
    private static readonly string[] BinaryPrefixes = ["kibi", "mebi", "gibi", "tebi", "pebi", "exbi"];

    private static readonly (string Name, long Bytes)[] Units =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("bytes", 1)];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        return Quantity.TrySplit(text, out var number, out var unit)
            && BytesOf(unit) is { } factor
            && Quantity.TryScale(number, factor, out bytes);
    }

    public static string Format(long bytes) => Quantity.Format(bytes, Units);

    private static decimal? BytesOf(string unit)
    {
        if (unit is "" or "B" or "b" or "byte" or "bytes")
            return 1;
        for (var i = 0; i < Letters.Length; i++)
        {
            var upper = Letters[i];
            var single = unit.Length == 1 && char.ToUpperInvariant(unit[0]) == upper;
            if (single || unit == $"{upper}i" || unit == $"{upper}iB" || IsWord(unit, BinaryPrefixes[i]))
                return Power(1024, i + 1);
            // The specification writes kB with a small letter and all others with a capital.
            if (unit == (i == 0 ? "kB" : $"{upper}B") || IsWord(unit, Prefixes[i]))
                return Power(1000, i + 1);
        }
        return null;
    }

    private static bool IsWord(string unit, string prefix) => unit == prefix + "byte" || unit == prefix + "bytes";

    private static decimal Power(int basis, int exponent) => exponent == 0 ? 1 : basis * Power(basis, exponent - 1);
}
