using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Dmz.Requests;
using Broker.Host.Health;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Support;

/// <summary>
/// An installation in one process: authority, zone, a DMZ node's actors, and a second node's link for who has taken that one over.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit awaits DisposeAsync of IAsyncLifetime")]
public sealed class DmzWorld : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dmz-").FullName;
    private readonly TestAuthority _authority = new();
    private readonly List<InstallationKey> _keys = [];
    private ZoneServer? _zone;
    private int _customers;
    private int _probes;

    internal ShiftedTime Time { get; } = new();

    /// <summary>How long nodes that are made from now on have launches wait for agents that follow a customer.</summary>
    internal TimeSpan Arrival { get; set; } = TimeSpan.FromSeconds(2);

    internal TestAuthority Authority => _authority;

    internal ZoneServer Zone => _zone!;

    /// <summary>Live secret bytes of a node without customers: its incarnation's key.</summary>
    internal long AtRest { get; private set; }

    // What is cut off ends at once; what a disk holds up is no case of these tests.
    private ZoneClientOptions ZoneOptions => new([Zone.Address]) { Deadline = Patience.Limit, ConnectTimeout = Patience.Limit };

    internal ActorSystem System { get; private set; } = null!;

    internal DmzContext Node { get; private set; } = null!;

    internal CustomerRegistry Customers { get; private set; } = null!;

    internal ActorRef<AgentsMessage> Agents { get; private set; } = null!;

    internal AgentRouting Routing { get; private set; } = null!;

    internal ActorRef<RequestsMessage> Requests { get; private set; } = null!;

    /// <summary>The admission list of every node that starts from now on.</summary>
    internal Dictionary<Name, PublicKey> AdmissionList { get; } = [];

    /// <summary>Whether nodes that start from now on admit whoever has a node's certificate.</summary>
    internal bool AdmitsAll { get; set; }

    /// <summary>The tokens of the node; set before <see cref="Restart"/>. Null for none.</summary>
    internal SoftHsm? Hsm { get; set; }

    /// <summary>Where the customers' actors of nodes that start from now on write; null for nowhere.</summary>
    internal ILogger? Log { get; set; }

    internal NodeHealth Health { get; private set; } = new();

    /// <summary>The console that may enrol.</summary>
    internal InstallationKey Console { get; private set; } = null!;

    /// <summary>The zone client of another node, whose certificate is as good as any.</summary>
    internal ZoneClient HostileNode { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _zone = await ZoneServer.StartAsync(_authority, Time);
        Console = Issue(LinkRole.Console, "console-1", mayEnrol: true);
        HostileNode = new ZoneClient(ZoneOptions, Issue(LinkRole.Dmz, "dmz-2"), Time);
        StartNode();
        // What earlier tests dropped is finalized first, so that it is not counted as ours.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        AtRest = Secrets.SecretMemory.Default.LiveBytes;
    }

    public async Task DisposeAsync()
    {
        await StopNode();
        HostileNode.Dispose();
        await Zone.DisposeAsync();
        _keys.ForEach(k => k.Dispose());
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Starts the node again: of its memory nothing is left, its witness files are.</summary>
    internal async Task Restart()
    {
        await StopNode();
        StartNode();
    }

    /// <summary>The node's witness files are lost.</summary>
    internal void LoseWitnesses()
    {
        foreach (var file in Directory.EnumerateFiles(Node.WitnessDirectory))
        {
            File.Delete(file);
        }
    }

    private void StartNode()
    {
        System = new ActorSystem("dmz", new ActorSystemOptions { Time = Time });
        var node = Node = MakeNode("dmz-1", System);
        Node.Ledger.Set(Zone.LedgerKey);
        Health = new NodeHealth();
        Customers = StartCustomers(System, node, Log);
        var routing = Routing = AgentRouting.Make(node, AgentSessions.Unpaced, 1000, new ConnectedAgents(), NullLogger.Instance);
        Agents = System.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 1000)), "agents");
        Requests = System.Spawn(Props<RequestsMessage>.Of(() => new ProvisioningRequests(node, 1000)), "requests");
    }

    /// <summary>Starts what unlocks without people.</summary>
    internal void StartOpener(double seconds = 0.05) => System.Spawn(
        Props<WayOpenerMessage>.Of(() => new WayOpener(
            Node, Customers, new CustodySettings(Hsm!.Settings, 30, TimeSpan.FromSeconds(seconds)), Health, NullLogger.Instance)),
        "custody");

    private async Task StopNode()
    {
        await System.DisposeAsync();
        if (Node.Tokens is TokenWraps tokens && tokens.Ways.Count > 0)
        {
            await tokens.DisposeAsync();
        }

        ((ZoneClient)Node.Zone).Dispose();
        Node.Incarnation.Dispose();
        Node.AgentIssuer?.Dispose();
    }

    internal static CustomerRegistry StartCustomers(ActorSystem system, DmzContext node, ILogger? log = null) => new(system.Spawn(
        Props<CustomersMessage>.Of(() => new Dmz.Customers.Customers(node, log ?? NullLogger.Instance)), "customers"));

    internal InstallationKey Issue(LinkRole role, string name, bool mayEnrol = false)
    {
        var key = _authority.Issue(role, name, mayEnrol);
        _keys.Add(key);
        return key;
    }

    internal DmzContext MakeNode(string name, ActorSystem system, InstallationKey? own = null)
    {
        var key = own ?? Issue(LinkRole.Dmz, name);
        var random = new RandomFill(system.Random.Fill);
        var witnesses = Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;
        var incarnation = NodeIncarnation.Make(
            _authority.Cluster, key.Identity.Name, Digest.Of("binary"u8), Time.GetUtcNow(), s =>
                key.Sign(s), [.. key.ChainDer.Select(c => c.ToArray())],
            random);
        // The end of a hand-off by time comes behind the arrival of its agent.
        var handOff = TimeSpan.FromSeconds(60) > 2 * Arrival ? TimeSpan.FromSeconds(60) : 2 * Arrival;
        var limits = new NodeLimits(10_000, 1000, handOff, TimeSpan.FromMinutes(10), TimeSpan.FromHours(24))
        {
            Arrival = Arrival,
        };
        return new DmzContext(
            _authority.Cluster, key.Identity.Name, _authority.Trust, incarnation, new LedgerKey(),
            new ZoneClient(ZoneOptions, key, Time), Time, random, limits, witnesses,
            new AgentIssuer(_authority.AgentIssuer(), _authority.Cluster))
        {
            Peers = new NodePeers(new AdmissionPolicy(AdmitsAll, AdmissionList), new PeerList(), new LiveIncarnations(Time)),
            Tokens = Hsm is null ? TokenWraps.None : new TokenWraps(Hsm.Settings, Time, random, NullLogger.Instance),
        };
    }

    /// <summary>A customer of which the zone knows nothing yet.</summary>
    internal async Task<TestCustomer> NewCustomer()
    {
        var name = Name.Parse($"customer-{Interlocked.Increment(ref _customers)}");
        var refs = await Customers.Find(name, exists: false);
        return new TestCustomer(this, refs.Value!);
    }

    /// <summary>An active customer: alice and bob are administrators, carol is an operator.</summary>
    internal async Task<TestCustomer> Enrolled(uint administratorsRequired = 1)
    {
        var customer = await NewCustomer();
        await customer.Enrol(administratorsRequired);
        return customer;
    }

    /// <summary>An active customer with policy <c>web</c>, credential <c>db</c> and the connected agent <c>web-1</c>.</summary>
    internal async Task<(TestCustomer Customer, AgentEnd Agent)> Ready(uint administratorsRequired = 1)
    {
        var customer = await Enrolled(administratorsRequired);
        await customer.PutPolicy("web", agents: ["web-1"]);
        await customer.PutCredential("db", "correct horse battery staple"u8.ToArray(), "web");
        var agent = await customer.EnrolAgent("web-1");
        await agent.Connect();
        return (customer, agent);
    }

    internal TestProbe<T> Probe<T>()
        where T : notnull => new(System, $"probe-{Interlocked.Increment(ref _probes)}");
}
