using System.Globalization;
using System.Text;

namespace Broker.Configuration.Syntax;

/// <summary>Strings in quotes: JSON's, and the raw ones between three quotes.</summary>
internal static class QuotedString
{
    /// <summary>Reads the string that begins at the cursor's quote.</summary>
    public static string Read(Cursor cursor)
    {
        var start = cursor.Position;
        var text = cursor.Take("\"\"\"") ? ReadRaw(cursor, start) : ReadEscaped(cursor, start);
        if (!IsWellFormed(text))
            throw new SyntaxException(cursor.OriginAt(start), "the string has half of a surrogate pair");
        return text;
    }

    private static string ReadRaw(Cursor cursor, int opened)
    {
        var start = cursor.Position;
        while (!cursor.AtEnd && !cursor.Looking("\"\"\""))
            cursor.Position++;
        if (cursor.AtEnd)
            throw new SyntaxException(cursor.OriginAt(opened), "the string that begins here is not closed by \"\"\"");
        // More than three quotes at the end: the last three close, the others belong to the string.
        while (cursor.Looking("\"\"\"\""))
            cursor.Position++;
        var text = cursor.From(start);
        cursor.Take("\"\"\"");
        return text;
    }

    private static string ReadEscaped(Cursor cursor, int opened)
    {
        var text = new StringBuilder();
        cursor.Position++;
        while (true)
        {
            if (cursor.AtEnd || cursor.Current == '\n')
                throw new SyntaxException(cursor.OriginAt(opened), "the string that begins here is not closed on its line");
            var c = cursor.Current;
            if (c < ' ')
                throw cursor.Error($"a control character in a string must be written as \\u{(int)c:x4}");
            cursor.Position++;
            if (c == '"')
                return text.ToString();
            text.Append(c == '\\' ? ReadEscape(cursor) : c);
        }
    }

    private static char ReadEscape(Cursor cursor)
    {
        var c = cursor.Current;
        if (c == 'u')
            return ReadUnicode(cursor);
        var plain = c switch
        {
            '"' or '\\' or '/' => c,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw cursor.Error("unknown escape; write \\\\ for a backslash"),
        };
        cursor.Position++;
        return plain;
    }

    private static char ReadUnicode(Cursor cursor)
    {
        var start = ++cursor.Position;
        while (cursor.Position < start + 4 && char.IsAsciiHexDigit(cursor.Current))
            cursor.Position++;
        if (cursor.Position < start + 4)
            throw cursor.Error("\\u needs four hexadecimal digits");
        return (char)ushort.Parse(cursor.From(start), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }
        return true;
    }
}
