namespace Broker.Configuration;

/// <summary>Where a value or a key was written.</summary>
/// <param name="File">The file as it was named when it was loaded, or the name given to parsed text.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column in UTF-16 units, from 1.</param>
public readonly record struct HoconOrigin(string File, int Line, int Column)
{
    /// <summary>Renders as <c>file:line:column</c>.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}";

    internal static int Compare(HoconOrigin left, HoconOrigin right)
    {
        var byFile = string.CompareOrdinal(left.File, right.File);
        if (byFile != 0)
            return byFile;
        var byLine = left.Line.CompareTo(right.Line);
        return byLine != 0 ? byLine : left.Column.CompareTo(right.Column);
    }
}
