namespace Broker.Configuration.Syntax;

/// <summary>The text of one file, and which line an offset is on.</summary>
internal sealed class SourceText
{
    private readonly List<int> _lineStarts = [0];

    public SourceText(string name, string text)
    {
        Name = name;
        Text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
                _lineStarts.Add(i + 1);
        }
    }

    public string Name { get; }

    public string Text { get; }

    public HoconOrigin OriginAt(int offset)
    {
        var found = _lineStarts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        return new HoconOrigin(Name, line + 1, offset - _lineStarts[line] + 1);
    }
}
