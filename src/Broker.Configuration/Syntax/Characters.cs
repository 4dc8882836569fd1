using System.Globalization;

namespace Broker.Configuration.Syntax;

/// <summary>The character classes of the HOCON specification.</summary>
internal static class Characters
{
    /// <summary>Section "Whitespace", and the byte order mark, which counts as such.</summary>
    public static bool IsWhitespace(char c) => c switch
    {
        ' ' or (>= '\t' and <= '\r') or (>= '\u001c' and <= '\u001f') or '\ufeff' => true,
        < '\u0080' => false,
        _ => char.GetUnicodeCategory(c) is UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator,
    };

    /// <summary>Section "Unquoted strings".</summary>
    public static bool IsForbiddenUnquoted(char c) => "$\"{}[]:=,+#`^?!@*&\\".Contains(c, StringComparison.Ordinal);

    /// <summary>Whether a key ends before the character.</summary>
    public static bool EndsKey(char c) => c is ':' or '=' or '{' or '}' or ',' or '#' or '\n' or '+';

    /// <summary>Whether the path in a substitution ends before the character.</summary>
    public static bool EndsReference(char c) => c is '}' or '\n';

    /// <summary>Whether the whole text is a number as JSON writes them.</summary>
    public static bool IsNumber(ReadOnlySpan<char> text)
    {
        var at = 0;
        if (at < text.Length && text[at] == '-')
            at++;
        var integer = Digits(text, ref at);
        if (integer == 0 || (integer > 1 && text[at - integer] == '0'))
            return false;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            if (Digits(text, ref at) == 0)
                return false;
        }
        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            if (at < text.Length && text[at] is '+' or '-')
                at++;
            if (Digits(text, ref at) == 0)
                return false;
        }
        return at == text.Length;
    }

    private static int Digits(ReadOnlySpan<char> text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return at - start;
    }
}
