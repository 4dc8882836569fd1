namespace Broker.MemoryScanner.Search;

/// <summary>How the bytes of a pattern may lie in what is searched.</summary>
internal enum PatternKind
{
    /// <summary>In one piece, all of it.</summary>
    Whole,

    /// <summary>All of it, with line breaks anywhere: base64 and hex text as PEM and MIME writers wrap it.</summary>
    Wrapped,

    /// <summary>Any window of at least <see cref="Pattern.Window"/> bytes, but not all of it.</summary>
    Piece,
}

/// <summary>One byte sequence that betrays a needle.</summary>
/// <param name="Needle">Name of the needle.</param>
/// <param name="Encoding">Name of the encoding, as the report prints it.</param>
/// <param name="Bytes">The sequence.</param>
/// <param name="Kind">How it may lie.</param>
/// <param name="Window">Shortest window that counts, for <see cref="PatternKind.Piece"/>; else the whole length.</param>
internal sealed record Pattern(string Needle, string Encoding, byte[] Bytes, PatternKind Kind, int Window)
{
    /// <summary>Most bytes that one occurrence can cover: a wrapped one may have a CR LF after every 16 characters.</summary>
    public int LongestSpan => Kind == PatternKind.Wrapped ? Bytes.Length + (2 * (Bytes.Length / 16)) + 2 : Bytes.Length;
}
