namespace Broker.Configuration.Tests;

/// <summary>A directory for the files of one test.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hocon-").FullName;

    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] content)
    {
        var file = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        return file;
    }

    public HoconDocument Load(params string[] names) => HoconDocument.Load([.. names.Select(name => Path.Combine(Root, name))], _ => null);

    /// <summary>The errors of loading, without the directory in them.</summary>
    public string Errors(params string[] names) =>
        Assert.Throws<HoconException>(() => Load(names)).Message.Replace(Root + "/", "", StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
