using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.Host;

namespace Broker.CredentialZone.Backup;

/// <summary>Copies of database files: made under another name with mode 0600, flushed, and only then given their own.</summary>
internal static class StoreCopy
{
    /// <summary>Copies what the live store has in one snapshot, while the zone goes on, into a file that does not exist.</summary>
    /// <param name="store">The live database.</param>
    /// <param name="target">A file that is to be created.</param>
    /// <param name="progress">Told how many bytes are there, of how many at most.</param>
    /// <exception cref="StartException">There is no space, or a file cannot be read or written; nothing is left behind.</exception>
    public static void Snapshot(string store, string target, Action<long, long> progress)
    {
        try
        {
            using var connection = new SqliteConnectionHandle(store, readOnly: true);
            connection.Script("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF");
            var size = Number(connection, "PRAGMA page_count") * Number(connection, "PRAGMA page_size");
            NeedSpace(target, size);
            Create(target);
            using var timer = TimeProvider.System.CreateTimer(
                _ => progress(new FileInfo(target).Length, size), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
            using var q = connection.Use("VACUUM INTO ?").Bind(target);
            q.Run();
        }
        catch (StoreFullException)
        {
            throw Full(target);
        }
        catch (StoreException fault)
        {
            throw new StartException($"{store}: {fault.Message}");
        }
    }

    /// <summary>Copies a file that nobody writes.</summary>
    /// <exception cref="StartException">There is no space, or a file cannot be read or written.</exception>
    public static void Copy(string source, string target, Action<long, long> progress)
    {
        var size = new FileInfo(source).Length;
        NeedSpace(target, size);
        Create(target);
        try
        {
            using var from = File.OpenRead(source);
            using var to = File.OpenWrite(target);
            var buffer = new byte[1 << 20];
            for (var copied = 0L; from.Read(buffer) is var count and > 0; progress(copied, size))
            {
                to.Write(buffer, 0, count);
                copied += count;
            }
        }
        catch (IOException fault)
        {
            throw new StartException($"{target}: {fault.Message}");
        }
    }

    /// <summary>Flushes a file and gives it its name, replacing nothing.</summary>
    /// <exception cref="StartException">There is a file of that name.</exception>
    public static void Publish(string partial, string target)
    {
        try
        {
            using (var file = File.OpenHandle(partial, FileMode.Open, FileAccess.ReadWrite))
            {
                RandomAccess.FlushToDisk(file);
            }

            File.Move(partial, target, overwrite: false);
            Directories.Flush(Path.GetDirectoryName(Path.GetFullPath(target))!);
        }
        catch (IOException fault)
        {
            throw new StartException($"{target}: {fault.Message}");
        }
    }

    private static void NeedSpace(string target, long bytes)
    {
        var free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(target))!).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new StartException($"{target}: {bytes >> 20} MiB are needed and {free >> 20} MiB are free; name another disk");
        }
    }

    private static StartException Full(string target) =>
        new($"{target}: the disk is full and nothing was kept of it; name another disk");

    /// <summary>Creates an empty file with mode 0600.</summary>
    /// <exception cref="StartException">It exists, or cannot be created.</exception>
    public static void Create(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (new FileStream(path, options))
            {
                // Empty, with its mode, before anything is in it.
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{path}: {fault.Message}");
        }
    }

    private static long Number(SqliteConnectionHandle connection, string pragma)
    {
        using var q = connection.Use(pragma);
        return q.Step() ? q.Int64(0) : 0;
    }
}
