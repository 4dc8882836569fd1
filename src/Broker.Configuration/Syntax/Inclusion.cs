namespace Broker.Configuration.Syntax;

/// <summary>An include statement.</summary>
/// <param name="Origin">Where it stands.</param>
/// <param name="File">The file as it was written.</param>
/// <param name="Required">Whether it is an error when there is no such file.</param>
internal sealed record Inclusion(HoconOrigin Origin, string File, bool Required)
{
    /// <summary>Reads the statement at the cursor; null, with the cursor where it was, if there is none.</summary>
    public static Inclusion? TryRead(Cursor cursor)
    {
        var start = cursor.Position;
        if (cursor.TakeUnquoted() != "include")
        {
            cursor.Position = start;
            return null;
        }
        var origin = cursor.OriginAt(start);
        cursor.SkipSpace();
        var required = cursor.Take("required");
        if (required)
            Open(cursor);
        var file = ReadFile(cursor);
        if (required)
            Close(cursor);
        return new Inclusion(origin, file, required);
    }

    private static string ReadFile(Cursor cursor)
    {
        if (cursor.Looking("url") || cursor.Looking("classpath"))
            throw cursor.Error("only files can be included: write include file(\"…\")");
        var named = cursor.Take("file");
        if (named)
            Open(cursor);
        if (cursor.Current != '"')
            throw cursor.Error("'include' begins an include statement: write include \"file\", or put the key in quotes");
        var origin = cursor.Origin;
        var file = QuotedString.Read(cursor);
        if (file.Length == 0 || file.Contains('\0', StringComparison.Ordinal))
            throw new SyntaxException(origin, "the name of the file to include is empty or has a NUL");
        if (named)
            Close(cursor);
        return file;
    }

    private static void Open(Cursor cursor)
    {
        cursor.SkipSpace();
        if (!cursor.Take("("))
            throw cursor.Error("expected '('");
        cursor.SkipSpace();
    }

    private static void Close(Cursor cursor)
    {
        cursor.SkipSpace();
        if (!cursor.Take(")"))
            throw cursor.Error("expected ')'");
    }
}
