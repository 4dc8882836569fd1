namespace Broker.Configuration;

/// <summary>Bounds on what a document may cost, so that no input exhausts memory, stack or time.</summary>
public sealed record HoconLimits
{
    /// <summary>The bounds that hold unless others are given.</summary>
    public static HoconLimits Default { get; } = new();

    /// <summary>Bytes in one file (or UTF-16 units in parsed text).</summary>
    public int FileBytes { get; init; } = 1 << 20;

    /// <summary>Bytes in all files together.</summary>
    public int TotalBytes { get; init; } = 4 << 20;

    /// <summary>Files that may be read for one document, included ones counted each time.</summary>
    public int Files { get; init; } = 64;

    /// <summary>Files that may be open at once because each includes the next.</summary>
    public int IncludeDepth { get; init; } = 16;

    /// <summary>Objects and arrays inside each other, before and after substitution.</summary>
    public int Depth { get; init; } = 64;

    /// <summary>Substitutions that may lead to each other before a value is found; objects and lists on the way count.</summary>
    public int SubstitutionDepth { get; init; } = 256;

    /// <summary>Values in the document after substitution, shared ones counted each time.</summary>
    public int Values { get; init; } = 500_000;

    /// <summary>Work of resolving substitutions: values visited plus characters and elements copied.</summary>
    public int Steps { get; init; } = 8_000_000;

    /// <summary>Errors that are gathered before reading stops.</summary>
    public int Errors { get; init; } = 100;
}
