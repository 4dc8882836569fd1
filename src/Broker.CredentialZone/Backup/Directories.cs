using System.Runtime.InteropServices;

namespace Broker.CredentialZone.Backup;

/// <summary>Directories, where the runtime has no call for what is needed.</summary>
internal static partial class Directories
{
    private const int DirectoryOnly = 0x10000;

    /// <summary>Makes a rename in a directory durable. Best effort: a file system that cannot do it keeps what it does by itself.</summary>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsLinux() && Open(path, DirectoryOnly) is var directory and >= 0)
        {
            _ = Fsync(directory);
            _ = Close(directory);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
