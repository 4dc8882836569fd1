using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>What a thread keeps from world to world as it takes long to make: certificates, locked memory, a directory on tmpfs.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly string _directory;

    public Workshop()
    {
        var parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _directory = Path.Combine(parent, $"broker-simulation-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}");
        Directory.CreateDirectory(_directory);
        Arena = new SecretMemory(1 << 20, SecretMemoryBacking.Mmap);
    }

    public SecretMemory Arena { get; }

    public Installation Installation { get; } = new();

    /// <summary>The directory with nothing in it.</summary>
    public string Empty()
    {
        foreach (var below in Directory.GetDirectories(_directory))
        {
            foreach (var file in Directory.GetFiles(below))
            {
                File.Delete(file);
            }
        }

        return _directory;
    }

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        Arena.Dispose();
    }
}
