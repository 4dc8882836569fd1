using System.Globalization;
using System.Net;

namespace Broker.Configuration.Settings;

/// <summary>Turns the text of a setting into a value; returns what is wrong with it, or null.</summary>
internal delegate string? Conversion<T>(string text, HoconOrigin origin, out T value);

/// <summary>The conversions of <see cref="SettingsReader"/>. None repeats more of the text than its start.</summary>
internal static class Conversions
{
    public static string? Text(string text, HoconOrigin origin, out string value)
    {
        value = text;
        return text.Length == 0 ? "must not be empty" : null;
    }

    public static string? Boolean(string text, HoconOrigin origin, out bool value)
    {
        value = text is "true" or "yes" or "on";
        return value || text is "false" or "no" or "off" ? null : $"{Shown(text)} is no boolean; write true or false";
    }

    public static string? FilePath(string text, HoconOrigin origin, out string value)
    {
        value = text;
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
            return "must be the path of a file or directory";
        value = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(origin.File) ?? "", text));
        return null;
    }

    public static Conversion<long> Integer(long min, long max) => (string text, HoconOrigin _, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            ? Range(value, min, max, text, number => number.ToString(CultureInfo.InvariantCulture))
            : $"{Shown(text)} is no whole number";

    public static Conversion<TimeSpan> Duration(TimeSpan min, TimeSpan max) => (string text, HoconOrigin _, out TimeSpan value) =>
        DurationFormat.TryParse(text, out value)
            ? Range(value, min, max, text, DurationFormat.Format)
            : $"{Shown(text)} is no duration; write a number and one of ns, us, ms, s, m, h, d";

    public static Conversion<long> Size(long min, long max) => (string text, HoconOrigin _, out long value) =>
        SizeFormat.TryParse(text, out value)
            ? Range(value, min, max, text, SizeFormat.Format)
            : $"{Shown(text)} is no size in whole bytes; write a number and a unit such as B, kB, KiB, MB, MiB, GiB";

    public static Conversion<T> OneOf<T>(IReadOnlyList<(string Name, T Value)> choices) => (string text, HoconOrigin _, out T value) =>
    {
        foreach (var choice in choices)
        {
            if (choice.Name == text)
            {
                value = choice.Value;
                return null;
            }
        }
        value = choices[0].Value;
        return $"{Shown(text)} is none of {string.Join(", ", choices.Select(choice => choice.Name))}";
    };

    public static string? EndPoint(string text, HoconOrigin origin, out EndPoint value)
    {
        value = NoEndPoint;
        if (!TrySplit(text, out var host, out var port) || port == 0)
            return $"{Shown(text)} is no \"host:port\"";
        if (IPAddress.TryParse(host, out var address))
            value = new IPEndPoint(address, port);
        else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
            value = new DnsEndPoint(host, port);
        else
            return $"{Shown(text)} has no valid host name or address";
        return null;
    }

    public static string? Listen(string text, HoconOrigin origin, out IPEndPoint value)
    {
        value = NoEndPoint;
        if (!TrySplit(text, out var host, out var port))
            return $"{Shown(text)} is no \"address:port\"";
        var address = host == "localhost" ? IPAddress.Loopback : null;
        if (address is null && !IPAddress.TryParse(host, out address))
            return $"{Shown(text)} has no address to listen on; write an IP address, or 0.0.0.0 for all";
        value = new IPEndPoint(address, port);
        return null;
    }

    internal static IPEndPoint NoEndPoint { get; } = new(IPAddress.None, 0);

    private static bool TrySplit(string text, out string host, out int port)
    {
        var colon = text.LastIndexOf(':');
        host = colon < 0 ? "" : text[..colon];
        var digits = colon < 0 ? "" : text[(colon + 1)..];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            host = "";
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port <= ushort.MaxValue
            && host.Length > 0;
    }

    private static string? Range<T>(T value, T min, T max, string text, Func<T, string> format)
        where T : IComparable<T>
    {
        if (value.CompareTo(min) < 0)
            return $"{Clean(text)} is below the minimum {format(min)}";
        return value.CompareTo(max) > 0 ? $"{Clean(text)} is above the maximum {format(max)}" : null;
    }

    private static string Shown(string text) => $"'{Clean(text)}'";

    /// <summary>The start of a text on one line, for errors.</summary>
    private static string Clean(string text)
    {
        var line = string.Concat(text.Trim().Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= 40 ? line : line[..40] + "…";
    }
}
