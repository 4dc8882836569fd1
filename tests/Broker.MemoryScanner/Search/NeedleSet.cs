using Broker.MemoryScanner.Search;

namespace Broker.MemoryScanner;

/// <summary>
/// The needles of a scan with all their encodings, prepared once and usable for any number of scans, also at the same time. Each is
/// looked for at every byte offset as raw bytes, UTF-16LE, base64 and base64url (at each of the three alignments) and hex (lower and
/// upper case), and as UTF-16LE of the texts; 8-bit base64 and hex also when line breaks wrap them, as in PEM.
/// </summary>
public sealed class NeedleSet
{
    /// <summary>Prepares the needles.</summary>
    /// <param name="needles">At least one, names unique.</param>
    /// <param name="pieces">Length in bytes, 8 or more, from which a mere piece of a needle counts too; 0: pieces do not count.</param>
    /// <exception cref="ScanException">No needle, a name given twice, or pieces that would be found by chance.</exception>
    public NeedleSet(IEnumerable<Needle> needles, int pieces = 0)
    {
        ArgumentNullException.ThrowIfNull(needles);
        var all = needles.ToList();
        if (all.Count == 0)
            throw new ScanException("no needle: give at least one");
        if (all.GroupBy(n => n.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ScanException($"needle '{twice.Key}' is given twice: give each its own name");
        if (pieces != 0 && pieces < Needle.MinimumLength)
            throw new ScanException($"pieces of {pieces} bytes are found by chance: give {Needle.MinimumLength} or more, or 0 for none");
        Names = [.. all.Select(n => n.Name)];
        Index = new PatternIndex([.. all.SelectMany(n => NeedleEncodings.Of(n, pieces))]);
    }

    /// <summary>Names of the needles, in the order given.</summary>
    public IReadOnlyList<string> Names { get; }

    internal PatternIndex Index { get; }
}
