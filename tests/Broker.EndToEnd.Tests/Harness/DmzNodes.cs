using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.Protocol.Api;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>
/// Three DMZ nodes that know each other: the cluster's own, dmz-1, and two more. Where nothing else is set certificates admit
/// (<c>admission.mode = auto</c>), so that each node comes to hold what it is to hold.
/// </summary>
/// <param name="settings">Lines for <c>broker.dmz</c> of each.</param>
internal sealed class DmzNodes(string settings) : IDisposable
{
    private const string First = "dmz-1";

    private readonly Dictionary<string, (int Peers, int Console, int Agents)> _ports = new[] { First, "dmz-2", "dmz-3" }.ToDictionary(
        static n => n, static _ => (Ports.Next(), Ports.Next(), Ports.Next()));

    private readonly Dictionary<string, BrokerProcess> _processes = [];
    private readonly Dictionary<string, ApiClient> _apis = [];

    /// <summary>Who admits a start of a node.</summary>
    public string Admission { get; init; } = "admission.mode = auto";

    /// <summary>The service managers of the nodes, by name; none where the nodes have none.</summary>
    public IReadOnlyDictionary<string, DescriptorStore> Managers { get; init; } = new Dictionary<string, DescriptorStore>();

    public IReadOnlyList<string> Names => [.. _ports.Keys];

    /// <summary>What the configuration of dmz-1 says beside the rest.</summary>
    public string FirstSettings => Settings(First);

    /// <summary>The agents' listeners of the nodes that are not dmz-1, as HOCON list items.</summary>
    public string OtherAgents => string.Join(
        ", ", _ports.Where(static p => p.Key != First).Select(static p => $"\"127.0.0.1:{p.Value.Agents}\""));

    public IReadOnlyList<ApiClient> Apis => [.. _apis.Values];

    public ApiClient Api(string node) => _apis[node];

    public BrokerProcess Process(Cluster cluster, string node) => node == First ? cluster.Dmz : _processes[node];

    /// <summary>Starts the two others and waits until they are ready.</summary>
    public async Task StartAsync(Cluster cluster)
    {
        _apis[First] = NewApi(cluster, cluster.ConsolePort);
        foreach (var node in Names.Where(static n => n != First))
        {
            _apis[node] = NewApi(cluster, _ports[node].Console);
            await StartAsync(cluster, node);
        }
    }

    /// <summary>Starts one node, or starts it again, and waits until it is ready.</summary>
    public async Task StartAsync(Cluster cluster, string node)
    {
        if (node == First)
        {
            cluster.StartDmz();
            await cluster.DmzReadyAsync();
            return;
        }

        var state = Directory.CreateDirectory(Path.Combine(cluster.Work, node)).FullName;
        var file = Path.Combine(cluster.Work, node + ".conf");
        await File.WriteAllTextAsync(file, $$"""
            broker {
              {{Patient.Host}}
              tls { root = "{{cluster.Ca}}/root.crt", certificate = "{{cluster.Ca}}/{{node}}.crt", key = "{{cluster.Ca}}/{{node}}.key" }
              dmz {
                {{Patient.Dmz}}
                agent-issuer { certificate = "{{cluster.Ca}}/agents-1.crt", key = "{{cluster.Ca}}/agents-1.key" }
                state-directory = "{{state}}"
                console.listen = "127.0.0.1:{{_ports[node].Console}}"
                agents.listen = "127.0.0.1:{{_ports[node].Agents}}"
                enrolment.listen = "127.0.0.1:{{Ports.Next()}}"
                zone.addresses = [ "https://127.0.0.1:{{cluster.ZonePort}}" ]
                secrets.backing = mmap
                {{Settings(node)}}
              }
            }
            """);
        var (program, arguments) = Wrap(node, Executables.Dmz, ["--config", file]);
        _processes[node] = cluster.Start(node, program, arguments);
        await Eventually.TrueAsync($"{node} is ready", async () => _processes[node].HasExited
            ? throw new InvalidOperationException($"{node} ended:\n" + _processes[node].Log)
            : await _apis[node].IsReadyAsync());
    }

    /// <summary>The command that starts a node, under its manager where it has one.</summary>
    public (string Program, IReadOnlyList<string> Arguments) Wrap(string node, string program, IReadOnlyList<string> arguments) =>
        Managers.TryGetValue(node, out var manager) ? manager.Wrap(program, arguments) : (program, arguments);

    /// <summary>A console's profile of a node's gateway.</summary>
    public async Task<Brokerctl> ConsoleAsync(Cluster cluster, string node)
    {
        var console = new Brokerctl(Path.Combine(cluster.Work, "console-of-" + node));
        if (!Directory.Exists(console.Profile))
            await cluster.MakeProfileAsync(console, node == First ? cluster.ConsolePort : _ports[node].Console);
        return console;
    }

    /// <summary>Where the customer is, as one node says.</summary>
    public async Task<ClusterCustomerModel?> WhereAsync(string asked) =>
        (await _apis[asked].GetAsync("/v1/cluster/status", ApiJson.Default.ClusterStatusModel)).Ok.Customers.SingleOrDefault();

    /// <summary>Waits until the customer is owned and so many hold it.</summary>
    public Task<ClusterCustomerModel> OwnedAsync(string asked, int holders, params IReadOnlyList<string> not) => Eventually.GetAsync(
        $"the customer has an owner that is not {string.Join(", ", not)}, and {holders} holders, says {asked}", async () =>
        {
            var where = await WhereAsync(asked);
            return where is { State: "owned" } && where.Holders.Count >= holders && !not.Contains(where.Owner) ? where : null;
        });

    public void Dispose()
    {
        foreach (var api in _apis.Values)
            api.Dispose();
    }

    private string Settings(string node) => string.Create(CultureInfo.InvariantCulture, $$"""
        peers {
          listen = "127.0.0.1:{{_ports[node].Peers}}"
          nodes { {{string.Join(", ", Names.Where(n => n != node).Select(n => $"{n} = \"https://127.0.0.1:{_ports[n].Peers}\""))}} }
        }
        {{Admission}}
        {{settings}}
        """);

    private static ApiClient NewApi(Cluster cluster, int port) =>
        new(port, $"{cluster.Ca}/console-1.crt", $"{cluster.Ca}/console-1.key", $"{cluster.Ca}/root.crt", "acme");
}
