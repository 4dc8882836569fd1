namespace Broker.EndToEnd.Tests.Harness;

/// <summary>A copy of the zone's database with its log, taken while the zone stands still; removed at the end.</summary>
internal sealed class DatabaseCopy : IDisposable
{
    private readonly string _directory;

    private DatabaseCopy(string directory) => _directory = directory;

    public string Path => System.IO.Path.Combine(_directory, "zone.db");

    /// <summary>Copies it.</summary>
    /// <param name="cluster">Whose.</param>
    /// <param name="directory">Where to; must not exist.</param>
    public static async Task<DatabaseCopy> OfAsync(Cluster cluster, string directory)
    {
        Directory.CreateDirectory(directory);
        var running = !cluster.Zone.HasExited;
        if (running)
            _ = Signals.Send(cluster.Zone.Id, Signals.Stop);
        try
        {
            if (running)
                await Eventually.TrueAsync("the zone is stopped", () => Signals.IsStopped(cluster.Zone.Id));
            Copy(System.IO.Path.GetDirectoryName(cluster.Database)!, directory);
        }
        finally
        {
            if (running)
                _ = Signals.Send(cluster.Zone.Id, Signals.Continue);
        }

        return new DatabaseCopy(directory);
    }

    /// <summary>Puts the copy in the place of the database of a zone that does not run.</summary>
    public void Restore(Cluster cluster)
    {
        var target = System.IO.Path.GetDirectoryName(cluster.Database)!;
        foreach (var file in Directory.EnumerateFiles(target))
            File.Delete(file);
        Copy(_directory, target);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void Copy(string from, string to)
    {
        // Not the lock file: it only says that a process has the database open.
        foreach (var file in Directory.EnumerateFiles(from).Where(static f => !f.EndsWith(".lock", StringComparison.Ordinal)))
            File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetFileName(file)));
    }
}
