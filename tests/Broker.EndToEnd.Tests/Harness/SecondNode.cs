using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>A second DMZ node of a cluster: its ports, what both nodes' configurations say of each other, its process.</summary>
internal sealed class SecondNode : IDisposable
{
    private readonly int _firstPeers = Ports.Next();
    private readonly int _peers = Ports.Next();
    private ApiClient? _api;

    public int ConsolePort { get; } = Ports.Next();

    public int AgentsPort { get; } = Ports.Next();

    /// <summary>People of the admission list: both nodes are told their public keys.</summary>
    public IReadOnlyList<string> People { get; init; } = [];

    /// <summary>Where the people's key files are.</summary>
    public string Keys { get; init; } = "";

    public BrokerProcess Process { get; private set; } = null!;

    public ApiClient Api => _api!;

    /// <summary>What the first node's configuration says of this one.</summary>
    public string Settings => Peers(_firstPeers, "dmz-2", _peers);

    /// <summary>Starts the node beside a cluster and waits until it is ready.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="store">Where the node leaves its tickets when it stops.</param>
    /// <param name="tickets">The descriptor that its predecessor left.</param>
    public async Task StartAsync(Cluster cluster, DescriptorStore store, int? tickets = null)
    {
        const string name = "dmz-2";
        var state = Directory.CreateDirectory(Path.Combine(cluster.Work, name)).FullName;
        var file = Path.Combine(cluster.Work, name + ".conf");
        await File.WriteAllTextAsync(file, $$"""
            broker {
              {{Patient.Host}}
              tls { root = "{{cluster.Ca}}/root.crt", certificate = "{{cluster.Ca}}/{{name}}.crt", key = "{{cluster.Ca}}/{{name}}.key" }
              dmz {
                {{Patient.Dmz}}
                agent-issuer { certificate = "{{cluster.Ca}}/agents-1.crt", key = "{{cluster.Ca}}/agents-1.key" }
                state-directory = "{{state}}"
                console.listen = "127.0.0.1:{{ConsolePort}}"
                agents.listen = "127.0.0.1:{{AgentsPort}}"
                enrolment.listen = "127.0.0.1:{{Ports.Next()}}"
                zone.addresses = [ "https://127.0.0.1:{{cluster.ZonePort}}" ]
                secrets.backing = mmap
                {{Peers(_peers, "dmz-1", _firstPeers)}}
              }
            }
            """);
        string[] inherited = tickets is { } number ? ["--admission-fd", number.ToString(CultureInfo.InvariantCulture)] : [];
        Process = cluster.Start(
            name, "/usr/bin/env", [$"NOTIFY_SOCKET={store.Path}", Executables.Dmz, "--config", file, .. inherited]);
        _api ??= new ApiClient(ConsolePort, $"{cluster.Ca}/console-1.crt", $"{cluster.Ca}/console-1.key", $"{cluster.Ca}/root.crt", "acme");
        await Eventually.TrueAsync("the second node is ready", async () => Process.HasExited
            ? throw new InvalidOperationException("the second node ended:\n" + Process.Log)
            : await _api.IsReadyAsync());
    }

    /// <summary>How the customer stands on this node, whoever owns it.</summary>
    public async Task<string> StateAsync() => (await Eventually.DecidedAsync(() => Api.CustomerAsync(here: true))).Ok.State;

    /// <summary>The digest of the executable that it says it runs.</summary>
    public async Task<string> BinaryAsync() =>
        (await Eventually.DecidedAsync(() => Api.GetAsync("/v1/node", ApiJson.Default.NodeModel)))
            .Ok.Incarnation.ToSigned().Read<Incarnation>().Binary.ToString();

    public void Dispose() => _api?.Dispose();

    private string Peers(int own, string other, int port) => $$"""
        peers { listen = "127.0.0.1:{{own}}", nodes { {{other}} = "https://127.0.0.1:{{port}}" } }
        admission.people { {{string.Join(", ", People.Select(p => $"{p} = \"{Keys}/users/{p}.pub\""))}} }
        """;
}
