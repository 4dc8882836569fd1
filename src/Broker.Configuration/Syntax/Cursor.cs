namespace Broker.Configuration.Syntax;

/// <summary>A position in a text, and the smallest steps of reading.</summary>
internal sealed class Cursor(SourceText source)
{
    private readonly string _text = source.Text;

    public int Position { get; set; }

    public bool AtEnd => Position >= _text.Length;

    /// <summary>The character here, or NUL at the end.</summary>
    public char Current => AtEnd ? '\0' : _text[Position];

    public bool AtComment => Current == '#' || AtDoubleSlash;

    private bool AtDoubleSlash => Current == '/' && Looking("//");

    public HoconOrigin Origin => source.OriginAt(Position);

    public bool Looking(string ahead) => _text.AsSpan(Position).StartsWith(ahead, StringComparison.Ordinal);

    public string From(int start) => _text[start..Position];

    public HoconOrigin OriginAt(int offset) => source.OriginAt(offset);

    public SyntaxException Error(string message) => new(Origin, message);

    public bool Take(string expected)
    {
        if (!Looking(expected))
            return false;
        Position += expected.Length;
        return true;
    }

    /// <summary>Skips whitespace on this line and returns it.</summary>
    public string SkipSpace()
    {
        var start = Position;
        while (!AtEnd && Current != '\n' && Characters.IsWhitespace(Current))
            Position++;
        return From(start);
    }

    /// <summary>Skips whitespace, comments and newlines. Returns whether a newline was among them.</summary>
    public bool SkipBlank()
    {
        var newline = false;
        while (!AtEnd)
        {
            if (AtComment)
            {
                SkipLine();
            }
            else if (Characters.IsWhitespace(Current))
            {
                newline |= Current == '\n';
                Position++;
            }
            else
            {
                break;
            }
        }
        return newline;
    }

    public void SkipLine()
    {
        var end = _text.IndexOf('\n', Position);
        Position = end < 0 ? _text.Length : end;
    }

    /// <summary>Reads the unquoted text here: up to whitespace, a forbidden character or a comment; empty if there is none.</summary>
    public string TakeUnquoted()
    {
        var start = Position;
        while (!AtEnd && !Characters.IsWhitespace(Current) && !AtDoubleSlash)
        {
            // A plus sign is forbidden except in the exponent of a number.
            var exponent = Current == '+' && Position > start && _text[Position - 1] is 'e' or 'E'
                && (char.IsAsciiDigit(_text[start]) || _text[start] == '-');
            if (Characters.IsForbiddenUnquoted(Current) && !exponent)
                break;
            Position++;
        }
        return From(start);
    }

    /// <summary>After an error: skips to where the next field or element can begin, past brackets that open on the way.</summary>
    public void Recover()
    {
        var open = 0;
        while (!AtEnd)
        {
            var c = Current;
            if (open == 0 && c is '\n' or ',')
                return;
            if (c is '}' or ']')
            {
                if (open == 0)
                    return;
                open--;
            }
            else if (c is '{' or '[')
            {
                open++;
            }
            else if (c == '"' || AtComment)
            {
                SkipStringOrComment();
                continue;
            }
            Position++;
        }
    }

    private void SkipStringOrComment()
    {
        if (AtComment)
        {
            SkipLine();
            return;
        }
        if (Take("\"\"\""))
        {
            var end = _text.IndexOf("\"\"\"", Position, StringComparison.Ordinal);
            Position = end < 0 ? _text.Length : end + 3;
            return;
        }
        for (Position++; !AtEnd && Current != '\n'; Position++)
        {
            if (Current == '"')
            {
                Position++;
                return;
            }
            if (Current == '\\' && Position + 1 < _text.Length && _text[Position + 1] != '\n')
                Position++;
        }
    }
}
