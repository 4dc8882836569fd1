using Broker.Secrets;
using Microsoft.Win32.SafeHandles;

namespace Broker.Console.Shell;

/// <summary>Reads secrets from files and pipes by read(2) into locked memory, never through a stream's buffer.</summary>
internal static class SecretInput
{
    private const int FirstBuffer = 4096;
    private const int MaxKeyFile = 64 * 1024;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads to the end; the buffer grows by doubling, and every smaller one is wiped.</summary>
    /// <param name="file">A file or a pipe.</param>
    /// <param name="max">Most bytes, a power of two of at least 4 KiB.</param>
    /// <returns>What was read, owned by the caller.</returns>
    /// <exception cref="CommandException">There is more.</exception>
    public static SecretBuffer ReadToEnd(SafeFileHandle file, int max)
    {
        var buffer = SecretBuffer.Allocate(Math.Min(FirstBuffer, max));
        try
        {
            var length = 0;
            while (true)
            {
                if (length == max)
                {
                    using var more = SecretBuffer.Allocate(1);
                    if (LibC.Read(file, more.Span) > 0)
                        throw CommandException.Usage($"the input is longer than {max} bytes", "split it, or store a key to it instead");
                    break;
                }

                if (length == buffer.Length)
                {
                    var larger = SecretBuffer.Allocate(Math.Min(max, 2 * buffer.Length));
                    buffer.Span.CopyTo(larger.Span);
                    buffer.Dispose();
                    buffer = larger;
                }

                var read = LibC.Read(file, buffer.Span[length..]);
                if (read == 0)
                    break;
                length += read;
            }

            buffer.Shrink(length);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Reads a credential from a file.</summary>
    public static SecretBuffer ReadFile(string path, int max)
    {
        using var file = Open(path);
        return ReadToEnd(file, max);
    }

    /// <summary>Reads a private key or token file that only its owner may read.</summary>
    /// <exception cref="CommandException">It is missing, too large, or others have a right on it.</exception>
    public static SecretBuffer ReadPrivateFile(string path)
    {
        using var file = Open(path);
        if ((File.GetUnixFileMode(file) & Others) != 0)
            throw CommandException.Usage($"{path} can be read by others", $"chmod 600 {path}");
        return ReadToEnd(file, MaxKeyFile);
    }

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandException.Usage($"{path} does not exist");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage($"{path} cannot be read", "check that this account owns it");
        }
    }
}
