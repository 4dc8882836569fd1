using System.Net;
using Broker.Configuration.Settings;

namespace Broker.Configuration;

// The required settings. Each takes a path relative to the reader and gathers a problem if the setting is missing or wrong.
public sealed partial class SettingsReader
{
    /// <summary>A text that is not empty.</summary>
    /// <param name="path">The path of the setting.</param>
    public string Text(string path) => Required(path, "text", Conversions.Text, "");

    /// <summary><c>true</c>, <c>yes</c>, <c>on</c>, or <c>false</c>, <c>no</c>, <c>off</c>.</summary>
    /// <param name="path">The path of the setting.</param>
    public bool Boolean(string path) => Required(path, "a boolean", Conversions.Boolean, false);

    /// <summary>A whole number.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="min">The least that is allowed.</param>
    /// <param name="max">The most that is allowed.</param>
    public int Integer(string path, int min, int max) =>
        (int)Required(path, "a whole number", Conversions.Integer(min, max), min, min, max);

    /// <summary>A duration such as <c>500 ms</c> or <c>2 minutes</c>; without a unit, milliseconds.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="min">The least that is allowed.</param>
    /// <param name="max">The most that is allowed.</param>
    public TimeSpan Duration(string path, TimeSpan min, TimeSpan max) =>
        Required(path, "a duration", Conversions.Duration(min, max), min, min, max);

    /// <summary>A size such as <c>64 KiB</c> or <c>10 MB</c>, in bytes; without a unit, bytes.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="min">The least that is allowed, in bytes.</param>
    /// <param name="max">The most that is allowed, in bytes.</param>
    public long Size(string path, long min = 0, long max = long.MaxValue) =>
        Required(path, "a size", Conversions.Size(min, max), min, min, max);

    /// <summary>One of some words.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="choices">The words, compared exactly; at least one.</param>
    public string OneOf(string path, params string[] choices) =>
        Required(path, "text", Conversions.OneOf([.. choices.Select(choice => (choice, choice))]), choices[0]);

    /// <summary>What one of some words stands for.</summary>
    /// <param name="path">The path of the setting.</param>
    /// <param name="choices">The words, compared exactly, with what each stands for; at least one.</param>
    public T OneOf<T>(string path, params (string Name, T Value)[] choices) =>
        Required(path, "text", Conversions.OneOf(choices), choices[0].Value);

    /// <summary>
    /// A file or directory as an absolute path; a relative one starts at the file that sets it, a value from the environment at
    /// the file that asks for it.
    /// </summary>
    /// <param name="path">The path of the setting.</param>
    public string Path(string path) => Required(path, "a path", Conversions.FilePath, "");

    /// <summary>
    /// Where to connect to, <c>"host:port"</c> with a name, an IPv4 address or an IPv6 address in brackets; the port is not 0.
    /// </summary>
    /// <param name="path">The path of the setting.</param>
    /// <returns>An <see cref="IPEndPoint"/> for an address, a <see cref="DnsEndPoint"/> for a name.</returns>
    public EndPoint EndPoint(string path) => Required<EndPoint>(path, "\"host:port\"", Conversions.EndPoint, Conversions.NoEndPoint);

    /// <summary>Where to listen, <c>"address:port"</c>; <c>localhost</c> is 127.0.0.1, and port 0 lets the system choose.</summary>
    /// <param name="path">The path of the setting.</param>
    public IPEndPoint Listen(string path) => Required(path, "\"address:port\"", Conversions.Listen, Conversions.NoEndPoint);

    /// <summary>A list of texts that are not empty; the list may be.</summary>
    /// <param name="path">The path of the setting.</param>
    public IReadOnlyList<string> TextList(string path) => ReadList<string>(path, "text", "texts", Conversions.Text);

    /// <summary>A list of paths as <see cref="Path"/> reads them; the list may be empty.</summary>
    /// <param name="path">The path of the setting.</param>
    public IReadOnlyList<string> PathList(string path) => ReadList<string>(path, "a path", "paths", Conversions.FilePath);

    /// <summary>A list of places to connect to as <see cref="EndPoint"/> reads them; the list may be empty.</summary>
    /// <param name="path">The path of the setting.</param>
    public IReadOnlyList<EndPoint> EndPointList(string path) =>
        ReadList<EndPoint>(path, "\"host:port\"", "\"host:port\"", Conversions.EndPoint);

    private T Required<T>(string path, string expected, Conversion<T> convert, T placeholder, T min, T max)
        where T : IComparable<T>
    {
        if (min.CompareTo(max) > 0)
            throw new ArgumentException($"the range of {path} is empty", nameof(min));
        return Required(path, expected, convert, placeholder);
    }

    private T Required<T>(string path, string expected, Conversion<T> convert, T placeholder)
    {
        var found = Ask(path);
        if (found.Value is null)
        {
            Report(found, $"is missing; set it to {expected}");
            return placeholder;
        }
        return TryConvert(found, expected, convert, out var value) ? value : placeholder;
    }

    private List<T> ReadList<T>(string path, string expected, string plural, Conversion<T> convert)
    {
        var values = new List<T>();
        var found = Ask(path);
        if (found.Value is not HoconArray list)
        {
            Report(found, found.Value is null
                ? $"is missing; set it to a list of {plural}"
                : $"must be a list of {plural}, not {found.Value.Describe()}");
            return values;
        }
        for (var i = 0; i < list.Items.Count; i++)
        {
            var item = list.Items[i];
            if (TryConvert(new Found([.. found.Keys, $"[{i}]"], item, item.Origin), expected, convert, out var value))
                values.Add(value);
        }
        return values;
    }

    private bool TryConvert<T>(Found found, string expected, Conversion<T> convert, out T value)
    {
        if (found.Value is not HoconScalar { Kind: not HoconKind.Null } scalar)
        {
            value = default!;
            Report(found, $"must be {expected}, not {found.Value!.Describe()}");
            return false;
        }
        if (convert(scalar.Text, scalar.Origin, out value) is not { } problem)
            return true;
        Report(found, problem);
        return false;
    }
}
