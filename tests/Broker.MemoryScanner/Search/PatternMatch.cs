namespace Broker.MemoryScanner.Search;

/// <summary>Compares a pattern with the bytes around a gram that was hit.</summary>
internal static class PatternMatch
{
    /// <summary>
    /// Whether the pattern lies in the data with its byte <paramref name="offset"/> at <paramref name="at"/>; if so, where in the data it
    /// starts, and how many bytes of the pattern are there.
    /// </summary>
    public static bool TryExtend(Pattern pattern, ReadOnlySpan<byte> data, int at, int offset, out int start, out int length)
    {
        var bytes = pattern.Bytes;
        length = bytes.Length;
        switch (pattern.Kind)
        {
            case PatternKind.Wrapped:
                return Back(bytes, data, at, offset, out start) && Forward(bytes, data, at, offset);
            case PatternKind.Piece:
                return Piece(pattern, data, at, offset, out start, out length);
            default:
                start = at - offset;
                return start >= 0 && data.Length - start >= bytes.Length && data.Slice(start, bytes.Length).SequenceEqual(bytes);
        }
    }

    private static bool Back(byte[] bytes, ReadOnlySpan<byte> data, int at, int offset, out int start)
    {
        start = at;
        for (var i = offset - 1; i >= 0; i--)
        {
            do
            {
                if (--start < 0)
                    return false;
            }
            while (IsLineBreak(data[start]));
            if (data[start] != bytes[i])
                return false;
        }

        return true;
    }

    private static bool Forward(byte[] bytes, ReadOnlySpan<byte> data, int at, int offset)
    {
        for (var i = offset; i < bytes.Length; i++, at++)
        {
            while (at < data.Length && IsLineBreak(data[at]))
                at++;
            if (at >= data.Length || data[at] != bytes[i])
                return false;
        }

        return true;
    }

    private static bool Piece(Pattern pattern, ReadOnlySpan<byte> data, int at, int offset, out int start, out int length)
    {
        var bytes = pattern.Bytes;
        start = at;
        while (offset > 0 && start > 0 && data[start - 1] == bytes[offset - 1])
        {
            start--;
            offset--;
        }

        length = data[start..].CommonPrefixLength(bytes.AsSpan(offset));
        return length >= pattern.Window && length < bytes.Length;
    }

    private static bool IsLineBreak(byte value) => value is (byte)'\n' or (byte)'\r';
}
