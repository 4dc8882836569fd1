using Broker.Configuration.Resolution;

namespace Broker.Configuration.Syntax;

/// <summary>Reads files and what they include into one object, and keeps the bounds that hold for all of them together.</summary>
internal sealed class Loader(HoconLimits limits)
{
    private readonly List<string> _open = [];
    private readonly List<string> _files = [];
    private long _bytes;

    public HoconLimits Limits { get; } = limits;

    public ErrorList Errors { get; } = new(limits.Errors);

    /// <summary>Every file that was read, in order, by the name that errors use.</summary>
    public IReadOnlyList<string> Files => _files;

    public void ReadText(string name, string text, ObjectNode target)
    {
        if (text.Length > Limits.FileBytes)
            Errors.Add(new HoconOrigin(name, 1, 1), $"the text has more than {Limits.FileBytes} characters");
        else
            new Parser(new SourceText(name, text), this, directory: null, Prefix.Root).ReadInto(target);
    }

    public void ReadFile(string file, ObjectNode target) => Read(file, new HoconOrigin(file, 1, 1), required: true, target, Prefix.Root);

    public void Include(Inclusion inclusion, ObjectNode target, string? directory, Prefix prefix)
    {
        if (directory is null)
        {
            Errors.Add(inclusion.Origin, "only a file can include others");
            return;
        }
        var file = Path.Combine(directory, inclusion.File);
        if (!File.Exists(file) && !Path.HasExtension(file) && File.Exists(file + ".conf"))
            file += ".conf";
        Read(file, inclusion.Origin, inclusion.Required, target, prefix);
    }

    private void Read(string file, HoconOrigin origin, bool required, ObjectNode target, Prefix prefix)
    {
        var full = Path.GetFullPath(file);
        if (_open.Contains(full))
        {
            Errors.Add(origin, $"'{file}' includes itself, directly or through another file");
            return;
        }
        if (_open.Count >= Limits.IncludeDepth)
        {
            Errors.Add(origin, $"includes nest deeper than {Limits.IncludeDepth} files");
            return;
        }
        if (_files.Count >= Limits.Files)
            throw Errors.Stop(origin, $"more than {Limits.Files} files are included");
        if (SourceFile.Read(file, origin, required, Limits.FileBytes, Errors) is not { } text)
            return;
        _bytes += text.Length;
        if (_bytes > Limits.TotalBytes)
            throw Errors.Stop(origin, $"the files together have more than {Limits.TotalBytes} characters");

        _files.Add(file);
        _open.Add(full);
        var directory = Path.GetDirectoryName(file) ?? "";
        new Parser(new SourceText(file, text), this, directory, prefix).ReadInto(target);
        _open.RemoveAt(_open.Count - 1);
    }
}
