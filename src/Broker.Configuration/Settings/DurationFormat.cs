namespace Broker.Configuration.Settings;

/// <summary>Section "Duration format" of the HOCON specification. A number without a unit is in milliseconds.</summary>
internal static class DurationFormat
{
    private static readonly (string Name, long Ticks)[] Units =
    [
        ("h", TimeSpan.TicksPerHour),
        ("min", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("us", TimeSpan.TicksPerMicrosecond),
        ("ticks of 100 ns", 1),
    ];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (!Quantity.TrySplit(text, out var number, out var unit) || TicksOf(unit) is not { } ticks)
            return false;
        if (!Quantity.TryScale(number, ticks, out var total))
            return false;
        duration = new TimeSpan(total);
        return true;
    }

    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
            return "0 s";
        return duration.Ticks % TimeSpan.TicksPerDay == 0 && duration >= TimeSpan.FromDays(2)
            ? $"{duration.Ticks / TimeSpan.TicksPerDay} days"
            : Quantity.Format(duration.Ticks, Units);
    }

    private static decimal? TicksOf(string unit) => unit switch
    {
        "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => 0.01m,
        "us" or "micro" or "micros" or "microsecond" or "microseconds" => TimeSpan.TicksPerMicrosecond,
        "" or "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
        "s" or "second" or "seconds" => TimeSpan.TicksPerSecond,
        "m" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
        "h" or "hour" or "hours" => TimeSpan.TicksPerHour,
        "d" or "day" or "days" => TimeSpan.TicksPerDay,
        _ => null,
    };
}
