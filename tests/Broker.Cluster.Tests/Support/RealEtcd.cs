using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Cluster.Etcd;
using Broker.TestKit;

namespace Broker.Cluster.Tests.Support;

/// <summary>
/// Debian's etcd, some members of it on free ports of loopback, with mutual TLS for clients and among themselves; its data is in a folder
/// that goes with it. Tests that need it are skipped, and say so, where it is not installed.
/// </summary>
internal sealed partial class RealEtcd : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly EtcdAuthority _authority = new();
    private readonly List<Process?> _processes = [];
    private readonly List<(int Client, int Peer)> _ports = [];
    private readonly StringBuilder _log = new();

    public static string? Binary { get; } =
        new[] { Environment.GetEnvironmentVariable("BROKER_ETCD"), "/usr/bin/etcd", "/usr/local/bin/etcd" }.FirstOrDefault(File.Exists);

    public IReadOnlyList<Uri> Endpoints => [.. _ports.Select(static p => new Uri($"https://{Ports.Own}:{p.Client}"))];

    private string[] _further = [];

    /// <summary>Starts members, with further arguments of each, and waits until they are led.</summary>
    public static async Task<RealEtcd> StartAsync(int members, params string[] further)
    {
        Skip.If(Binary is null, "etcd is not on this machine: apt-get install etcd-server");
        var etcd = new RealEtcd { _further = further };
        try
        {
            etcd.ChoosePorts(members);
            for (var i = 0; i < members; i++)
            {
                etcd._authority.Issue($"etcd-{i}", host: Ports.Own.ToString());
                etcd._processes.Add(null);
                etcd.Start(i);
            }

            await etcd.UntilLedAsync();
            return etcd;
        }
        catch
        {
            await etcd.DisposeAsync();
            throw;
        }
    }

    public EtcdClient Client(TimeSpan? attempt = null, TimeProvider? time = null) => new(
        new EtcdClientOptions(Endpoints) { AttemptTimeout = attempt ?? TimeSpan.FromSeconds(1.5), ConnectTimeout = Patience.Limit },
        _authority.Client(), time ?? TimeProvider.System);

    /// <summary>The member that leads, as a majority says.</summary>
    public async Task<int> LeaderAsync()
    {
        using var client = Client();
        for (var soon = EtcdWorld.Soon(); ; await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, soon))
        {
            for (var i = 0; i < _processes.Count; i++)
            {
                try
                {
                    if (await client.StatusAsync(Endpoints[i], soon) is { Leader: not 0 } status && status.Leader == status.Header.MemberId)
                        return i;
                }
                catch (EtcdException)
                {
                    // Down, or not led.
                }
            }
        }
    }

    /// <summary>Waits until a quorum answers.</summary>
    public async Task UntilLedAsync()
    {
        using var client = Client();
        for (var soon = EtcdWorld.Soon(); ; await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, soon))
        {
            try
            {
                await client.CallAsync(EtcdMethods.Range, new() { Key = Google.Protobuf.ByteString.CopyFromUtf8("x") }, soon);
                return;
            }
            catch (EtcdException) when (!soon.IsCancellationRequested && _processes.All(static p => p is null or { HasExited: false }))
            {
                // Not yet.
            }
            catch (Exception e) when (e is EtcdException or OperationCanceledException)
            {
                lock (_log)
                    throw new InvalidOperationException("etcd did not start: " + _log, e);
            }
        }
    }

    public void Kill(int member)
    {
        _processes[member]?.Kill();
        _processes[member]?.WaitForExit();
        _processes[member]?.Dispose();
        _processes[member] = null;
    }

    public void Pause(int member) => Assert.Equal(0, Signal(_processes[member]!.Id, Stop));

    public void Resume(int member) => Assert.Equal(0, Signal(_processes[member]!.Id, Continue));

    public void Start(int member)
    {
        var (client, peer) = _ports[member];
        string[] tls(string kind) =>
        [
            $"--{kind}cert-file={_authority.Folder}/etcd-{member}.crt", $"--{kind}key-file={_authority.Folder}/etcd-{member}.key",
            $"--{kind}trusted-ca-file={_authority.Authority}", $"--{kind}client-cert-auth",
        ];
        var start = new ProcessStartInfo(Binary!,
        [
            $"--name=m{member}", $"--data-dir={_authority.Folder}/data-{member}",
            $"--listen-client-urls=https://{Ports.Own}:{client}", $"--advertise-client-urls=https://{Ports.Own}:{client}",
            $"--listen-peer-urls=https://{Ports.Own}:{peer}", $"--initial-advertise-peer-urls=https://{Ports.Own}:{peer}",
            "--initial-cluster=" + string.Join(',', _ports.Select(static (p, i) => $"m{i}=https://{Ports.Own}:{p.Peer}")),
            $"--initial-cluster-state={(Directory.Exists($"{_authority.Folder}/data-{member}") ? "existing" : "new")}",
            "--initial-cluster-token=test", "--logger=zap", "--log-level=error", "--unsafe-no-fsync",
            .. _further, .. tls(""), .. tls("peer-"),
        ])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment.Clear();
        var process = Process.Start(start)!;
        process.ErrorDataReceived += Log;
        process.OutputDataReceived += Log;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _processes[member] = process;
    }

    public ValueTask DisposeAsync()
    {
        for (var i = 0; i < _processes.Count; i++)
            Kill(i);
        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    private void Log(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
        {
            if (_log.Length < 20_000)
                _log.AppendLine(line.Data);
        }
    }

    private void ChoosePorts(int members)
    {
        var ports = Ports.Free(2 * members);
        for (var i = 0; i < members; i++)
            _ports.Add((ports[2 * i], ports[(2 * i) + 1]));
    }
}
