using Broker.MemoryScanner.Search;

namespace Broker.MemoryScanner.Report;

/// <summary>Collects a report. <see cref="Search"/> is fed; whoever feeds it names the place by <see cref="PlaceAt"/>.</summary>
internal sealed class ReportBuilder
{
    private readonly Dictionary<(string Needle, string Encoding, string Place, string Permissions), Finding> _findings = [];
    private readonly Dictionary<(string Place, string Permissions, string Reason), long> _unread = [];

    public ReportBuilder(NeedleSet needles)
    {
        Search = new RunSearch(needles.Index, Found);
    }

    public RunSearch Search { get; }

    /// <summary>Place and permissions of an address. Set between runs.</summary>
    public Func<long, (string Place, string Permissions)> PlaceAt { get; set; } = _ => ("", "");

    public long BytesScanned { get; set; }

    public void Unread(string place, string permissions, long bytes, string reason)
    {
        var key = (place, permissions, reason);
        _unread[key] = _unread.GetValueOrDefault(key) + bytes;
    }

    public ScanReport Build(string target) => new(
        target,
        BytesScanned,
        [.. _findings.Values.OrderBy(f => f.Needle, StringComparer.Ordinal).ThenBy(f => f.Encoding, StringComparer.Ordinal)
            .ThenBy(f => f.First)],
        [.. _unread.Select(u => new UnreadPlace(u.Key.Place, u.Key.Permissions, u.Value, u.Key.Reason))]);

    private void Found(Pattern pattern, long address, int length)
    {
        var (place, permissions) = PlaceAt(address);
        var key = (pattern.Needle, pattern.Encoding, place, permissions);
        _findings[key] = _findings.TryGetValue(key, out var known)
            ? known with { Count = known.Count + 1, First = Math.Min(known.First, address), Longest = Math.Max(known.Longest, length) }
            : new Finding(pattern.Needle, pattern.Encoding, place, permissions, 1, address, length);
    }
}
