using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Relational;

/// <summary>
/// The password of the zone's role at its database. It opens the zone's tables, which hold ciphertext and signed statements; the
/// drivers take it as text, so it is not kept from the managed heap. A certificate, or the operating system's word, needs none.
/// </summary>
internal static class ServerPassword
{
    private const int MaxLength = 1024;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads the file's first line.</summary>
    /// <exception cref="StoreException">It cannot be read, is empty, or is not for its owner alone.</exception>
    public static string Read(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            {
                throw new StoreException($"{path} is readable by others than its owner: chmod 600");
            }

            using var reader = File.OpenText(path);
            return reader.ReadLine() is { Length: > 0 and <= MaxLength } password
                ? password
                : throw new StoreException($"{path} has no password in its first line, or one of more than {MaxLength} characters");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{path} cannot be read: {fault.Message}", fault);
        }
    }
}
