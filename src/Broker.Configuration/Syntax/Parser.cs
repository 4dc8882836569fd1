using Broker.Configuration.Resolution;

namespace Broker.Configuration.Syntax;

/// <summary>Reads one file into an object. Errors go to the loader's list, and reading goes on after them.</summary>
internal sealed class Parser(SourceText source, Loader loader, string? directory, Prefix included)
{
    private readonly Cursor _cursor = new(source);
    private readonly ErrorList _errors = loader.Errors;
    private readonly IReadOnlyList<string> _prefix = included.Keys;
    private int _depth = included.Depth;
    private bool _unclosed;

    /// <summary>The keys that lead to the object that is being read; null inside a list, where no path leads.</summary>
    private IReadOnlyList<string>? _path = included.Keys;

    /// <summary>Reads the whole text; its fields are added to <paramref name="target"/>.</summary>
    public void ReadInto(ObjectNode target)
    {
        _cursor.SkipBlank();
        if (_cursor.Current == '[')
        {
            _errors.Add(_cursor.Origin, "the root is a list; it must be an object");
            return;
        }
        if (!_cursor.Take("{"))
        {
            ReadElements(null, _cursor.Position, () => ReadField(target));
            return;
        }
        ReadElements('}', _cursor.Position - 1, () => ReadField(target));
        _cursor.SkipBlank();
        if (!_cursor.AtEnd && !_unclosed)
            _errors.Add(_cursor.Origin, "nothing may follow the closing brace of the root");
    }

    /// <summary>The comma rules, which objects and lists share.</summary>
    private void ReadElements(char? closing, int opened, Action readElement)
    {
        var mayBegin = true;
        var mayHaveComma = false;
        while (true)
        {
            mayBegin |= _cursor.SkipBlank();
            if (_cursor.AtEnd)
            {
                if (closing is not null && !_unclosed)
                    _errors.Add(_cursor.OriginAt(opened), $"what opens here is not closed; '{closing}' is missing");
                _unclosed |= closing is not null;
                return;
            }
            var c = _cursor.Current;
            if (c is ',' or '}' or ']')
            {
                if (c == ',' && !mayHaveComma)
                    _errors.Add(_cursor.Origin, "a comma without a value before it");
                else if (c != ',' && c != closing)
                    _errors.Add(_cursor.Origin, $"'{c}' closes nothing that is open here");
                _cursor.Position++;
                if (c == closing)
                    return;
                mayBegin = true;
                mayHaveComma = false;
                continue;
            }
            mayHaveComma = true;
            try
            {
                if (!mayBegin)
                    throw _cursor.Error(Unexpected(c));
                readElement();
                mayBegin = false;
            }
            catch (SyntaxException error)
            {
                _errors.Add(error.Origin, error.Message);
                _cursor.Recover();
                mayBegin = true;
            }
        }
    }

    private static string Unexpected(char c) => c switch
    {
        '=' or ':' => $"'{c}' must be inside quotes here, or a comma or a new line is missing before the key",
        '"' or '{' or '[' or '$' => "expected a comma or a new line before this",
        _ => Characters.IsForbiddenUnquoted(c) ? $"'{c}' in a value must be inside quotes" : "expected a comma or a new line before this",
    };

    private void ReadField(ObjectNode target)
    {
        if (Inclusion.TryRead(_cursor) is { } inclusion)
        {
            loader.Include(inclusion, target, directory, new Prefix(_path ?? [], _depth));
            return;
        }
        var origin = _cursor.Origin;
        var path = PathExpression.Read(_cursor, Characters.EndsKey);
        var end = _cursor.Position;
        _cursor.SkipBlank();
        var append = _cursor.Take("+=");
        if (!append && !_cursor.Take("=") && !_cursor.Take(":") && _cursor.Current != '{')
        {
            _cursor.Position = end;
            throw _cursor.Error("expected '=', ':', '+=' or '{' after the key");
        }
        _cursor.SkipBlank();

        var outer = (Path: _path, Depth: _depth);
        try
        {
            _path = _path is null ? null : [.. _path, .. path];
            Descend(path.Length - 1);
            var value = ReadValue();
            if (append)
                value = new ConcatenationNode(value.Origin, [new LookBackNode(origin), new ArrayNode(value.Origin, [value])]);
            target.Assign(path, origin, value);
        }
        finally
        {
            (_path, _depth) = outer;
        }
    }

    private Node ReadValue()
    {
        var origin = _cursor.Origin;
        var pieces = new List<Node>();
        while (true)
        {
            var space = _cursor.SkipSpace();
            if (_cursor.AtEnd || _cursor.AtComment || _cursor.Current is '\n' or ',' or '}' or ']')
                break;
            if (space.Length > 0 && pieces.Count > 0)
                pieces.Add(new SpaceNode(_cursor.Origin, space));
            pieces.Add(ReadPiece());
        }
        return Concatenation.Of(origin, pieces);
    }

    private Node ReadPiece()
    {
        var origin = _cursor.Origin;
        switch (_cursor.Current)
        {
            case '"':
                return new ScalarNode(new HoconScalar(origin, HoconKind.Text, QuotedString.Read(_cursor)));
            case '{':
                return ReadObject();
            case '[':
                return ReadArray();
            case '$':
                return ReadReference();
        }
        var text = _cursor.TakeUnquoted();
        if (text.Length == 0)
            throw _cursor.Error(Unexpected(_cursor.Current));
        var kind = text switch
        {
            "true" or "false" => HoconKind.Boolean,
            "null" => HoconKind.Null,
            _ => Characters.IsNumber(text) ? HoconKind.Number : HoconKind.Text,
        };
        return new ScalarNode(new HoconScalar(origin, kind, text));
    }

    private ReferenceNode ReadReference()
    {
        var origin = _cursor.Origin;
        if (!_cursor.Take("${"))
            throw _cursor.Error("'$' in a value must be inside quotes, or begin a substitution ${…}");
        var optional = _cursor.Take("?");
        var path = PathExpression.Read(_cursor, Characters.EndsReference);
        if (!_cursor.Take("}"))
            throw new SyntaxException(origin, "the substitution that begins here is not closed on its line");
        if (path.Length > loader.Limits.Depth)
            throw new SyntaxException(origin, $"the path has more than {loader.Limits.Depth} keys");
        return new ReferenceNode(origin, _prefix, path, optional);
    }

    private ObjectNode ReadObject()
    {
        var node = new ObjectNode(_cursor.Origin);
        Nested(() => ReadElements('}', _cursor.Position++, () => ReadField(node)));
        return node;
    }

    private ArrayNode ReadArray()
    {
        var origin = _cursor.Origin;
        var items = new List<Node>();
        var path = _path;
        _path = null;
        try
        {
            Nested(() => ReadElements(']', _cursor.Position++, () => items.Add(ReadValue())));
        }
        finally
        {
            _path = path;
        }
        return new ArrayNode(origin, items);
    }

    private void Nested(Action read)
    {
        Descend(1);
        read();
        _depth--;
    }

    private void Descend(int levels)
    {
        if (_depth + levels > loader.Limits.Depth)
            throw _cursor.Error($"nested deeper than {loader.Limits.Depth} levels");
        _depth += levels;
    }
}
