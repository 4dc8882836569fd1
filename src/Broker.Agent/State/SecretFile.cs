using Broker.Secrets;
using Microsoft.Win32.SafeHandles;

namespace Broker.Agent.State;

/// <summary>Reads files and streams with a secret in them, straight into locked memory.</summary>
internal static class SecretFile
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads a file of mode 0600 or less.</summary>
    /// <exception cref="IOException">It cannot be read, or is longer than <paramref name="most"/>.</exception>
    /// <exception cref="AgentException">Others may read it.</exception>
    internal static SecretBuffer Read(string path, int most)
    {
        using var file = File.OpenHandle(path);
        // On the opened file, so that it cannot be exchanged between the check and the reading.
        if ((File.GetUnixFileMode(file) & Others) != 0)
            throw new AgentException($"{path} can be read by others; run: chmod 600 {path}", "file-mode");

        return Fill(most, (buffer, at) => RandomAccess.Read(file, buffer.Span[at..], at));
    }

    /// <summary>Reads standard input to its end.</summary>
    /// <exception cref="IOException">It is longer than <paramref name="most"/>.</exception>
    internal static SecretBuffer ReadStandardInput(int most)
    {
        using var handle = new SafeFileHandle(0, ownsHandle: false);
        // Without a buffer of its own: the bytes go where they are told to.
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        return Fill(most, (buffer, at) => stream.Read(buffer.Span[at..]));
    }

    private static SecretBuffer Fill(int most, Func<SecretBuffer, int, int> read)
    {
        var buffer = SecretBuffer.Allocate(most + 1);
        try
        {
            var length = 0;
            for (int count; length <= most && (count = read(buffer, length)) > 0;)
                length += count;
            if (length > most)
                throw new IOException($"longer than {most} bytes");

            buffer.Shrink(length);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
