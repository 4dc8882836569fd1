using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets;

/// <summary>A token's PIN, from a file or an inherited descriptor straight into locked memory. It never is a string.</summary>
public static class HsmPin
{
    /// <summary>Most bytes of a PIN.</summary>
    public const int MaxLength = 255;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads a file that only its owner may read.</summary>
    /// <param name="path">The file; one line end after the PIN is left out.</param>
    /// <returns>The PIN, owned by the caller.</returns>
    /// <exception cref="HsmException">
    /// <see cref="HsmFailure.TokenNotReady"/>: it is missing, can be read by others, is empty, or too long. The message says which.
    /// </exception>
    public static SecretBuffer ReadFile(string path)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused($"the PIN file {path} cannot be read; check that it is there and belongs to this account");
        }

        using (file)
        {
            if ((File.GetUnixFileMode(file) & Others) != 0)
                throw Refused($"the PIN file {path} can be read by others; chmod 600 {path}");
            return Read(file);
        }
    }

    /// <summary>Reads to the end of a file, pipe or memfd.</summary>
    /// <param name="source">Open for reading; stays the caller's.</param>
    /// <returns>The PIN, owned by the caller.</returns>
    /// <exception cref="HsmException"><see cref="HsmFailure.TokenNotReady"/>: there is nothing, or too much.</exception>
    public static SecretBuffer Read(SafeFileHandle source)
    {
        // Room for the line end, and for a byte too many.
        var pin = SecretBuffer.Allocate(MaxLength + 2);
        try
        {
            var length = 0;
            while (length < pin.Length && LibC.Read(source, pin.Span[length..]) is > 0 and var read)
                length += read;
            if (length > 0 && pin.Span[length - 1] == (byte)'\n')
                length--;
            if (length is 0 or > MaxLength)
                throw Refused($"a PIN has 1 to {MaxLength} bytes; check the file or descriptor that it comes from");
            pin.Shrink(length);
            return pin;
        }
        catch (IOException)
        {
            pin.Dispose();
            throw Refused("the PIN's file or descriptor cannot be read; check what was passed");
        }
        catch
        {
            pin.Dispose();
            throw;
        }
    }

    private static HsmException Refused(string message) => new(HsmFailure.TokenNotReady, message);
}
