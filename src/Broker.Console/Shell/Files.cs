using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Broker.Console.Shell;

/// <summary>Writes and reads the console's files. All are 0600 but public keys; none is half written.</summary>
internal static class Files
{
    private const int MaxJson = 4 << 20;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Makes a directory with mode 0700.</summary>
    public static void MakeDirectory(string path) =>
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Writes a file that must not exist yet, straight from the span to the kernel.</summary>
    /// <exception cref="CommandException">It exists.</exception>
    public static void Create(string path, ReadOnlySpan<byte> bytes, bool isPublic = false)
    {
        try
        {
            Write(path, bytes, FileMode.CreateNew, isPublic);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw CommandException.Usage($"{path} exists already", "name another file, or move the old one away");
        }
    }

    /// <summary>Writes or replaces a file in one step.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        Write(temporary, bytes, FileMode.Create, isPublic: false);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads a JSON file of at most 4 MiB.</summary>
    /// <exception cref="CommandException">It is missing or not of the form.</exception>
    public static T ReadJson<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            if (new FileInfo(path).Length > MaxJson)
                throw CommandException.Usage($"{path} is larger than {MaxJson} bytes");
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw CommandException.Usage($"{path} is empty");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandException.Usage($"{path} does not exist");
        }
        catch (JsonException)
        {
            throw CommandException.Usage($"{path} is not a file of the kind that is expected here, or was altered");
        }
    }

    public static byte[] ToJson<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static void Write(string path, ReadOnlySpan<byte> bytes, FileMode mode, bool isPublic)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = isPublic ? Readable : OwnerOnly,
        });
        RandomAccess.Write(file.SafeFileHandle, bytes, 0);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
    }
}
