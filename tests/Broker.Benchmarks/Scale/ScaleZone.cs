using System.Net;
using System.Net.Sockets;

namespace Broker.Benchmarks.Scale;

/// <summary>The zone node of the benchmark, with a database of its own.</summary>
internal sealed class ScaleZone(ScaleFiles files, string database) : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    private readonly string _store = Path.Combine(files.Directory("zone"), database + ".db");

    public int Port { get; } = ScaleFiles.Port();

    public NodeProcess? Process { get; private set; }

    /// <summary>Bytes of the database's files.</summary>
    public long Stored => Directory.EnumerateFiles(Path.GetDirectoryName(_store)!, Path.GetFileName(_store) + "*")
        .Sum(static f => new FileInfo(f).Length);

    /// <summary>Starts it, and waits until it listens.</summary>
    public async Task StartAsync()
    {
        Process = files.Start("Broker.CredentialZone", "broker-zone", "zone-1", "zone", $$"""
                listen = "127.0.0.1:{{Port}}"
                store.path = "{{_store}}"
                ledger { certificate = "{{files.Certificate("ledger-1")}}", key = "{{files.Key("ledger-1")}}" }
                limits { releases-per-minute = 100000000, open-uses = 100000000 }
            """);
        await Process.UntilAsync("the zone listens", ListensAsync, StartPatience);
    }

    public async Task StopAsync()
    {
        if (Process is { } process)
            await process.StopAsync();
        Process?.Dispose();
        Process = null;
    }

    public void Dispose() => Process?.Dispose();

    private async Task<bool> ListensAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
