using System.Buffers.Text;
using System.Text;

namespace Broker.MemoryScanner.Search;

/// <summary>Every form in which a needle is looked for.</summary>
internal static class NeedleEncodings
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The patterns of one needle, without duplicates (base64 and base64url of many needles are equal).</summary>
    /// <param name="needle">The needle.</param>
    /// <param name="pieces">Shortest piece in bytes that counts, or 0 for whole needles only.</param>
    public static IReadOnlyList<Pattern> Of(Needle needle, int pieces)
    {
        var patterns = new List<Pattern>();
        var known = new HashSet<string>();
        var raw = needle.Bytes.ToArray();
        var wide = Utf16(raw);
        if (wide.Length < Needle.MinimumLength)
            throw new ScanException($"needle '{needle.Name}' has {wide.Length} bytes in UTF-16: give at least {Needle.MinimumLength}");
        Add("raw", raw, PatternKind.Whole);
        Add("utf-16", wide, PatternKind.Whole);
        AddText("hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(raw)));
        AddText("hex-upper", Encoding.ASCII.GetBytes(Convert.ToHexString(raw)));
        for (var alignment = 0; alignment < 3; alignment++)
        {
            var text = Base64Core(raw, alignment);
            AddText("base64", text);
            AddText("base64url", [.. text.Select(c => c switch { (byte)'+' => (byte)'-', (byte)'/' => (byte)'_', _ => c })]);
        }

        if (pieces > 0 && pieces < raw.Length)
        {
            patterns.Add(new Pattern(needle.Name, "piece", raw, PatternKind.Piece, pieces));
            patterns.Add(new Pattern(needle.Name, "piece-utf-16", wide, PatternKind.Piece, Math.Min(2 * pieces, wide.Length)));
        }

        return patterns;

        void AddText(string encoding, byte[] text)
        {
            Add(encoding, text, PatternKind.Wrapped);
            Add(encoding + "-utf-16", Widen(text), PatternKind.Whole);
        }

        void Add(string encoding, byte[] bytes, PatternKind kind)
        {
            if (known.Add(Convert.ToBase64String(bytes)))
                patterns.Add(new Pattern(needle.Name, encoding, bytes, kind, bytes.Length));
        }
    }

    /// <summary>
    /// The base64 characters that the needle alone decides when <paramref name="alignment"/> bytes (modulo 3) stand before it:
    /// the characters at both ends that share bits with a neighbour are left out.
    /// </summary>
    private static byte[] Base64Core(ReadOnlySpan<byte> raw, int alignment)
    {
        var padded = new byte[alignment + raw.Length];
        raw.CopyTo(padded.AsSpan(alignment));
        var text = new byte[Base64.GetMaxEncodedToUtf8Length(padded.Length)];
        Base64.EncodeToUtf8(padded, text, out _, out _);
        var first = ((8 * alignment) + 5) / 6;
        var end = 8 * padded.Length / 6;
        return text[first..end];
    }

    /// <summary>The needle as a .NET string holds it; bytes that are no UTF-8 are taken as Latin-1.</summary>
    private static byte[] Utf16(byte[] raw)
    {
        try
        {
            return Encoding.Unicode.GetBytes(StrictUtf8.GetString(raw));
        }
        catch (DecoderFallbackException)
        {
            return Widen(raw);
        }
    }

    private static byte[] Widen(byte[] text)
    {
        var wide = new byte[2 * text.Length];
        for (var i = 0; i < text.Length; i++)
            wide[2 * i] = text[i];
        return wide;
    }
}
