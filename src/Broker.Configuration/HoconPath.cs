using System.Text;
using Broker.Configuration.Syntax;

namespace Broker.Configuration;

/// <summary>Paths as text: keys joined by dots, with quotes where a key needs them.</summary>
internal static class HoconPath
{
    /// <summary>Splits a path that code gives.</summary>
    /// <exception cref="ArgumentException">The text is not a path expression.</exception>
    public static string[] Parse(string path)
    {
        var cursor = new Cursor(new SourceText("path", path));
        try
        {
            var keys = PathExpression.Read(cursor, Characters.EndsKey);
            if (cursor.AtEnd)
                return keys;
        }
        catch (SyntaxException error)
        {
            throw new ArgumentException($"'{path}' is not a path: {error.Message}", nameof(path));
        }
        throw new ArgumentException($"'{path}' is not a path", nameof(path));
    }

    /// <summary>Joins keys so that <see cref="Parse"/> gives them back.</summary>
    public static string Render(IEnumerable<string> keys) => string.Join('.', keys.Select(Quote));

    private static string Quote(string key)
    {
        if (key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '/' or '[' or ']'))
            return key;
        var quoted = new StringBuilder("\"");
        foreach (var c in key)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (c < ' ')
                quoted.Append("\\u").Append(((int)c).ToString("x4", null));
            else
                quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}
