using System.Security.Cryptography.X509Certificates;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>Debian's etcd, one member a machine, mutual TLS for clients and among the members.</summary>
internal sealed class EtcdServers(IReadOnlyList<Machine> machines, ServerAuthority authority, string directory) : IAsyncDisposable
{
    private readonly BrokerProcess?[] _members = new BrokerProcess?[machines.Count];
    private readonly (string Certificate, string Key)[] _keys =
        [.. machines.Select(m => authority.Issue(m.Name, m.Address))];

    private readonly Dictionary<int, HttpClient> _http = [];

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Obstacle =>
        Executables.IsOnPath("etcd") ? null : "etcd is not on this machine: apt-get install etcd-server";

    /// <summary>The client addresses, as HOCON list items.</summary>
    public string Endpoints => string.Join(", ", machines.Select(static m => $"\"https://{m.Address}:2379\""));

    public int Count => machines.Count;

    public Machine Machine(int member) => machines[member];

    public void Start(int member)
    {
        var (machine, (certificate, key)) = (machines[member], _keys[member]);
        string[] Tls(string kind) =>
        [
            $"--{kind}cert-file={certificate}", $"--{kind}key-file={key}", $"--{kind}trusted-ca-file={authority.Root}",
            $"--{kind}client-cert-auth",
        ];
        var data = Path.Combine(directory, machine.Name);
        var (program, arguments) = PrivateNetwork.On(machine, "etcd",
        [
            $"--name={machine.Name}", $"--data-dir={data}",
            $"--listen-client-urls=https://{machine.Address}:2379", $"--advertise-client-urls=https://{machine.Address}:2379",
            $"--listen-peer-urls=https://{machine.Address}:2380", $"--initial-advertise-peer-urls=https://{machine.Address}:2380",
            "--initial-cluster=" + string.Join(',', machines.Select(static m => $"{m.Name}=https://{m.Address}:2380")),
            $"--initial-cluster-state={(Directory.Exists(data) ? "existing" : "new")}", "--logger=zap", "--log-level=error",
            .. Tls(""), .. Tls("peer-"),
        ]);
        _members[member] = BrokerProcess.Start(machine.Name, program, arguments);
    }

    public async Task KillAsync(int member)
    {
        await _members[member]!.KillAsync();
        await _members[member]!.DisposeAsync();
    }

    /// <summary>The member that leads, as its own metrics say; null while none does.</summary>
    public async Task<int?> LeaderAsync()
    {
        for (var member = 0; member < Count; member++)
        {
            try
            {
                var metrics = await Http(member).GetStringAsync(new Uri($"https://{machines[member].Address}:2379/metrics"));
                if (metrics.Split('\n').Contains("etcd_server_is_leader 1"))
                    return member;
            }
            catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
            {
                // Down, or starting.
            }
        }

        return null;
    }

    /// <summary>Waits until some member leads.</summary>
    public Task LedAsync() => Eventually.TrueAsync("etcd has a leader", async () => await LeaderAsync() is not null);

    public async ValueTask DisposeAsync()
    {
        foreach (var http in _http.Values)
            http.Dispose();
        foreach (var member in _members.OfType<BrokerProcess>())
            await member.DisposeAsync();
    }

    private HttpClient Http(int member)
    {
        if (_http.TryGetValue(member, out var known))
            return known;
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) };
        handler.SslOptions.ClientCertificates =
            [X509Certificate2.CreateFromPemFile(_keys[member].Certificate, _keys[member].Key)];
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(authority.Root) },
        };
        return _http[member] = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(2) };
    }
}
