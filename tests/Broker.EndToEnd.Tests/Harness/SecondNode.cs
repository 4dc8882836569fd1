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

    /// <summary>Whether it has the customer's key: as its owner too, where the first node was taken for gone.</summary>
    public async Task<bool> HoldsAsync() => await StateAsync() is "holding" or "unlocked";

    /// <summary>Has a person vouch for this start of the node.</summary>
    /// <param name="console">A console of the node.</param>
    /// <param name="file">The admission, with the signatures of those who vouched before.</param>
    /// <param name="person">Who signs.</param>
    public async Task VouchAsync(Brokerctl console, string file, string person)
    {
        var model = (await Eventually.DecidedAsync(() => Api.GetAsync("/v1/node", ApiJson.Default.NodeModel))).Ok;
        // The digest of the executable that it says it runs.
        var binary = model.Incarnation.ToSigned().Read<Incarnation>().Binary.ToString();
        await console.OkAsync("node", "vouch", "--binary", binary, "--file", file, "--user", person);
    }

    /// <summary>
    /// Presents an admission until the node holds the customer: the owner has seconds to answer, and an earlier start that was killed
    /// counts as alive for a while.
    /// </summary>
    public Task AdmitAsync(Brokerctl console, string file) => Eventually.TrueAsync("the second node holds the customer", async () =>
    {
        await console.RunAsync(null, "node", "admit", "--file", file);
        return await HoldsAsync();
    });

    /// <summary>Has all people vouch for this start of the node, and presents their admission.</summary>
    public async Task AdmitAnewAsync(Brokerctl console, string file)
    {
        File.Delete(file);
        foreach (var person in People)
            await VouchAsync(console, file, person);
        await AdmitAsync(console, file);
    }

    public void Dispose() => _api?.Dispose();

    private string Peers(int own, string other, int port) => $$"""
        peers { listen = "127.0.0.1:{{own}}", nodes { {{other}} = "https://127.0.0.1:{{port}}" } }
        cluster.move-interval = 1 day
        admission.people { {{string.Join(", ", People.Select(p => $"{p} = \"{Keys}/users/{p}.pub\""))}} }
        """;
}
