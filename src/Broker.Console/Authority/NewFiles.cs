using Broker.Console.Shell;

namespace Broker.Console.Authority;

/// <summary>
/// Writes files that did not exist before, all of them or none; private ones are never readable by others, not for a moment.
/// </summary>
internal sealed class NewFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly List<string> _written = [];

    /// <summary>Refuses before any work is done, so that nobody types a passphrase for nothing.</summary>
    public static void MustNotExist(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (File.Exists(path))
                throw CommandException.Usage($"{path} exists and is never overwritten; move it away or choose another name");
        }
    }

    public static void CreateDirectory(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, Private | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage($"{path} cannot be made a directory; choose another by --directory");
        }
    }

    public void WritePrivate(string path, ReadOnlySpan<byte> content) => Write(path, content, Private);

    public void WritePublic(string path, string content) => Write(path, System.Text.Encoding.ASCII.GetBytes(content), Public);

    private void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        try
        {
            using var file = new FileStream(path, options);
            _written.Add(path);
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _written.ForEach(File.Delete);
            throw CommandException.Usage($"{path} cannot be written; check that it does not exist and that the directory is yours");
        }
    }
}
