namespace Broker.Agent.Tests.Support;

/// <summary>A directory that is gone with the test; on tmpfs by default, as the agent's state must be.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal TemporaryDirectory(string parent = "/dev/shm") =>
        Path = Directory.CreateDirectory($"{parent}/broker-agent-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}").FullName;

    private static int _count;

    internal string Path { get; }

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
