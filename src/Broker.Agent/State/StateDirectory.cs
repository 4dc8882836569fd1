using Broker.Agent.Native;
using Broker.Secrets;

namespace Broker.Agent.State;

/// <summary>
/// The agent's files: its key, its grant, what it has seen. They live in memory only (tmpfs), for the owner only, and go with the boot.
/// Files are replaced as a whole, by renaming.
/// </summary>
internal sealed class StateDirectory
{
    private const long Tmpfs = 0x01021994;
    private const long Ramfs = 0x858458f6;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int LargestFile = 64 * 1024;

    private readonly string _path;

    private StateDirectory(string path) => _path = path;

    /// <summary>Opens the directory, making it where it is missing.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="allowDisk">Accept a directory that is on a disk, and with it a key on a disk.</param>
    /// <exception cref="AgentException">It cannot be made, others may enter it, or it is on a disk.</exception>
    internal static StateDirectory Open(string path, bool allowDisk)
    {
        try
        {
            if (!Directory.Exists(path))
                Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
            if ((File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
                throw new AgentException($"{path} can be entered by others; run: chmod 700 {path}", "state-mode");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(
                $"{path} cannot be used as state directory; make it, with mode 700, for the agent's account", "state-access", e);
        }

        if (!allowDisk && (LibC.FileSystem(path, out var info) != 0 || info.Type is not (Tmpfs or Ramfs)))
        {
            throw new AgentException(
                $"{path} is not on tmpfs, and the agent's key must not be written to a disk; choose a directory on tmpfs such as " +
                "/run/broker-agent or /dev/shm/broker-agent, or accept a key on disk by broker.agent.state.allow-disk = yes",
                "state-on-disk");
        }

        return new StateDirectory(path);
    }

    /// <summary>The path of a file, for whoever needs one.</summary>
    internal string this[string name] => Path.Combine(_path, name);

    internal bool Has(string name) => File.Exists(this[name]);

    /// <summary>Reads a file with nothing secret in it; null where it is missing.</summary>
    internal byte[]? Read(string name) => Has(name) ? File.ReadAllBytes(this[name]) : null;

    /// <summary>Reads a secret file into locked memory.</summary>
    /// <exception cref="AgentException">It is missing or too large.</exception>
    internal SecretBuffer ReadSecret(string name)
    {
        try
        {
            return SecretFile.Read(this[name], LargestFile);
        }
        catch (IOException e)
        {
            throw new AgentException($"{this[name]} cannot be read; enrol this agent again", "state-access", e);
        }
    }

    /// <summary>Replaces a file.</summary>
    internal void Write(string name, ReadOnlySpan<byte> content)
    {
        var temporary = this[name + ".new"];
        File.Delete(temporary);
        using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            File.SetUnixFileMode(file, OwnerOnly);
            RandomAccess.Write(file, content, 0);
        }

        File.Move(temporary, this[name], overwrite: true);
    }
}
