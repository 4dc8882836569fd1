using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>How large a fleet is.</summary>
internal sealed record FleetOptions
{
    public int Dmz { get; init; } = 3;

    public int Zones { get; init; } = 2;

    public int Etcd { get; init; } = 3;

    public int Agents { get; init; } = 20;

    /// <summary>Whether the zone's machines catch all that they send but to the database and as answers.</summary>
    public bool AreZonesTrapped { get; init; }

    public string DmzSettings { get; init; } = "";

    public string ZoneSettings { get; init; } = "";

    /// <summary>Without namespaces, where nothing is to be cut off.</summary>
    public bool IsOnLoopback { get; init; }
}

/// <summary>
/// A whole installation as it is run for real: nodes of both zones, etcd, PostgreSQL and agents, each server on a machine of a private
/// network. Whatever happens, what was started is ended and what was written is removed.
/// </summary>
internal sealed partial class Fleet : IAsyncDisposable
{
    public const string Customer = "acme";

    private const int ConsolePort = 7443;
    private const int AgentsPort = 7444;
    private const int EnrolmentPort = 7445;
    private const int PeersPort = 7447;
    private const int ZonePort = 7446;

    private readonly FleetOptions _options;
    private readonly Certificates _certificates;
    private readonly ServerAuthority _authority;
    private readonly List<BrokerProcess> _agents = [];
    private readonly List<ApiClient> _apis = [];
    private readonly Dictionary<Node, HealthProbe> _health = [];

    private Fleet(Certificates certificates, FleetOptions options, PrivateNetwork network)
    {
        (_certificates, _options, Network) = (certificates, options, network);
        Work = Directory.CreateTempSubdirectory("broker-fleet.").FullName;
        // Servers with accounts of their own pass through it to their data.
        File.SetUnixFileMode(Work, File.GetUnixFileMode(Work) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Volatile = Directory.CreateDirectory(
            Path.Combine("/dev/shm", Path.GetFileName(Work)),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        Directory.CreateDirectory(Path.Combine(Work, "opened"));
        _authority = new ServerAuthority(Path.Combine(Work, "servers"));
        Console = new Brokerctl(Path.Combine(Work, "profile"));
    }

    public PrivateNetwork Network { get; }

    public Database Database { get; private set; } = null!;

    public EtcdServers Etcd { get; private set; } = null!;

    public IReadOnlyList<Node> Zones { get; private set; } = [];

    public IReadOnlyList<Node> Dmz { get; private set; } = [];

    /// <summary>Of the zone's machines, where they have one.</summary>
    public IReadOnlyList<Trap> Traps { get; private set; } = [];

    public IReadOnlyList<ApiClient> Apis => _apis;

    public Brokerctl Console { get; }

    public string Work { get; }

    public string Volatile { get; }

    /// <summary>Where the agents write down what they opened, a file each.</summary>
    public string Opened => Path.Combine(Work, "opened");

    public IReadOnlyList<string> Agents => [.. Enumerable.Range(1, _options.Agents).Select(static i => $"web-{i}")];

    public IEnumerable<Node> Nodes => Zones.Concat(Dmz);

    private string Ca => _certificates.Ca;

    /// <summary>Starts servers and nodes, enrols the customer and the agents. Skips the test where something of it is missing.</summary>
    public static async Task<Fleet> StartAsync(Certificates certificates, FleetOptions options)
    {
        var obstacle = (options.IsOnLoopback ? null : PrivateNetwork.Obstacle) ?? Database.Obstacle ??
            (options.Etcd > 0 ? EtcdServers.Obstacle : null);
        Skip.If(obstacle is not null, obstacle);
        var fleet = new Fleet(
            certificates, options, options.IsOnLoopback ? PrivateNetwork.OnLoopback() : PrivateNetwork.Needed());
        try
        {
            await fleet.StartServersAsync();
            fleet.StartNodes();
            await fleet.ReadyAsync();
            await fleet.ReadGaugesAsync();
            await fleet.EnrolAsync();
            await fleet.StartAgentsAsync();
            return fleet;
        }
        catch (Exception problem)
        {
            var logs = fleet.Logs();
            await fleet.DisposeAsync();
            throw new InvalidOperationException($"the fleet did not start: {problem.Message}\n{logs}", problem);
        }
    }

    /// <summary>Runs a test's body; when it fails, the logs of all nodes go into its output.</summary>
    public async Task RunAsync(ITestOutputHelper output, Func<Task> body)
    {
        try
        {
            await body();
        }
        catch
        {
            output.WriteLine(Logs());
            throw;
        }
    }

    /// <summary>Asks a node of its health, as who may.</summary>
    public HealthProbe Health(Node node) => _health[node];

    /// <summary>Waits until every node of both zones says that it is ready.</summary>
    public Task ReadyAsync() => Waiting.UntilAsync("every node is ready", async () =>
    {
        foreach (var node in Nodes)
        {
            node.StartUnlessUp();
            var (_, health) = await _health[node].ReadyAsync();
            if (health.Status != "ready")
            {
                var lacks = health.Conditions.Where(static c => !c.Good).Select(static c => c.Detail);
                return (false, $"{node.Name} is {health.Status}: {string.Join("; ", lacks)}");
            }
        }

        return (true, "");
    });

    /// <summary>Waits until the customer is owned, and so many nodes hold it.</summary>
    public Task<ClusterCustomerModel> HeldAsync(int holders) => Waiting.ForAsync($"{holders} nodes hold the customer", async () =>
    {
        var where = (await StatusAsync())?.Customers.SingleOrDefault();
        return (where is { State: "owned" } && where.Holders.Count >= holders ? where : null, Text(where));
    });

    /// <summary>Who takes part, and who owns and holds the customer, as the first node that answers says; null where none does.</summary>
    public async Task<ClusterStatusModel?> StatusAsync()
    {
        foreach (var api in _apis)
        {
            try
            {
                if ((await api.GetAsync("/v1/cluster/status", ApiJson.Default.ClusterStatusModel)).Value is { Customers: [_] } status)
                    return status;
            }
            catch (Exception problem) when (Crashes.Load.IsLost(problem))
            {
                // The next one may answer.
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
            await agent.DisposeAsync();
        foreach (var node in Dmz.Concat(Zones))
            await node.DisposeAsync();
        _apis.ForEach(static a => a.Dispose());
        foreach (var health in _health.Values)
            health.Dispose();
        if (Etcd is not null)
            await Etcd.DisposeAsync();
        if (Database is not null)
            await Database.DisposeAsync();
        Network.Dispose();
        _authority.Dispose();
        Directory.Delete(Work, recursive: true);
        Directory.Delete(Volatile, recursive: true);
    }

    private static string Text(ClusterCustomerModel? where) => where is null
        ? "no node said where the customer is"
        : $"{where.State}, owner {where.Owner}, fence {where.Fence}, held by [{string.Join(' ', where.Holders)}]";

    private string Logs()
    {
        const int most = 12_000;
        var logs = Nodes.Select(static n => (n.Name, n.Log)).Append(("database", Database?.Log ?? ""));
        return string.Join('\n', logs.Select(static l => $"---- {l.Item1}\n{(l.Item2.Length > most ? l.Item2[^most..] : l.Item2)}"));
    }
}
