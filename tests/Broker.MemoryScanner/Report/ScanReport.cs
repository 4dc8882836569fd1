namespace Broker.MemoryScanner;

/// <summary>What one process or one set of files was found to hold.</summary>
/// <param name="Target">What was scanned, for example <c>process 4711 (broker-dmz)</c>.</param>
/// <param name="BytesScanned">Bytes that were really read; reserved address space that was never touched is not in it.</param>
/// <param name="Findings">One row for each needle, encoding and place; empty when nothing was found.</param>
/// <param name="Unread">What could not be read, so that an empty list of findings says nothing about it.</param>
public sealed record ScanReport(string Target, long BytesScanned, IReadOnlyList<Finding> Findings, IReadOnlyList<UnreadPlace> Unread)
{
    /// <summary>Occurrences in all encodings and places.</summary>
    public long Total => Findings.Sum(f => f.Count);

    /// <summary>Occurrences of one needle; of one encoding of it when <paramref name="encoding"/> is given.</summary>
    public long CountOf(string needle, string? encoding = null) =>
        Findings.Where(f => f.Needle == needle && (encoding is null || f.Encoding == encoding)).Sum(f => f.Count);
}

/// <summary>Occurrences of one needle, in one encoding, in one place.</summary>
/// <param name="Needle">Name of the needle.</param>
/// <param name="Encoding"><c>raw</c>, <c>utf-16</c>, <c>base64</c>, <c>base64url</c>, <c>hex</c>, <c>hex-upper</c>, <c>piece</c>;
/// <c>-utf-16</c> after one of the latter: that text as a .NET string holds it.</param>
/// <param name="Place">Mapping (<c>[heap]</c>, <c>[stack]</c>, <c>[anon]</c> or a file), descriptor, or path.</param>
/// <param name="Permissions">Of the mapping, as in <c>/proc/PID/maps</c>; <c>file</c> or <c>name</c> of a file.</param>
/// <param name="Count">How many.</param>
/// <param name="First">Address or file offset of the first one.</param>
/// <param name="Longest">Most bytes of the encoded needle in one occurrence; less than all only for pieces.</param>
public sealed record Finding(string Needle, string Encoding, string Place, string Permissions, long Count, long First, int Longest);

/// <summary>A place that could not be read.</summary>
/// <param name="Place">Mapping, descriptor, or path.</param>
/// <param name="Permissions">As in <see cref="Finding"/>.</param>
/// <param name="Bytes">How much of it could not be read; 0 when that is not known.</param>
/// <param name="Reason">The system's reason.</param>
public sealed record UnreadPlace(string Place, string Permissions, long Bytes, string Reason);
