using System.Text;

namespace Broker.Configuration.Syntax;

/// <summary>Path expressions: the keys of fields and what stands in a substitution.</summary>
internal static class PathExpression
{
    /// <summary>Reads keys up to the character at which <paramref name="ends"/> says so, or the end of the text.</summary>
    /// <exception cref="SyntaxException">There is no path, or not one that can be read.</exception>
    public static string[] Read(Cursor cursor, Func<char, bool> ends)
    {
        var keys = new List<string>();
        var key = new StringBuilder();
        var quoted = false;
        cursor.SkipSpace();
        var start = cursor.Position;
        while (true)
        {
            var space = cursor.SkipSpace();
            if (cursor.AtEnd || ends(cursor.Current) || cursor.AtComment)
                break;
            key.Append(space);
            if (cursor.Current == '"')
            {
                key.Append(QuotedString.Read(cursor));
                quoted = true;
            }
            else
            {
                ReadUnquoted();
            }
        }
        if (cursor.Position == start)
            throw cursor.Error("expected a key here");
        Finish();
        return [.. keys];

        void ReadUnquoted()
        {
            var text = cursor.TakeUnquoted();
            if (text.Length == 0)
                throw cursor.Error($"'{cursor.Current}' in a key must be inside quotes");
            foreach (var c in text)
            {
                if (c == '.')
                    Finish();
                else
                    key.Append(c);
            }
        }

        void Finish()
        {
            if (key.Length == 0 && !quoted)
                throw new SyntaxException(
                    cursor.OriginAt(start), "a path begins or ends with a dot, or has two in a row; write \"\" for an empty key");
            keys.Add(key.ToString());
            key.Clear();
            quoted = false;
        }
    }
}
