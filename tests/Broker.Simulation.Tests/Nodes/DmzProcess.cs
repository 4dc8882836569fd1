using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Requests;
using Broker.Host.Health;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Simulation.Tests;

/// <summary>One start of a DMZ node's process: the real actors over simulated links, its witness file on tmpfs.</summary>
internal sealed class DmzProcess
{
    private static readonly NodeLimits Limits = new(
        MaxCustomers: 16, MaxInFlight: 64, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromHours(24));

    private CustomerKey? _key;

    public DmzProcess(
        World world, Installation installation, int index, string directory, Network network, Func<ZoneNode?> zone, ulong seed)
    {
        var key = installation.Nodes[index];
        Index = index;
        Process = new Process(world, key.Identity.Name.Value, seed);
        Link = new SimulatedZoneLink(Process, key.Identity, network, zone);
        NodeIncarnation? incarnation = null;
        world.Run(Process, () => incarnation = NodeIncarnation.Make(
            installation.Cluster, key.Identity.Name, Digest.Zero, Process.Time.GetUtcNow(), _ => new byte[PublicKey.SignatureLength], [],
            Process.Fill));
        Node = new DmzContext(
            installation.Cluster, key.Identity.Name, installation.Trust, incarnation!, new LedgerKey(), Link, Process.Time, Process.Fill,
            Limits, directory, null);
        System = Process.NewSystem("dmz");
        var customers = System.Spawn(
            Props<CustomersMessage>.Of(() => new Broker.Dmz.Customers.Customers(Node, NullLogger.Instance)), "customers");
        Customers = new CustomerRegistry(customers);
        Requests = System.Spawn(Props<RequestsMessage>.Of(() => new ProvisioningRequests(Node, 64)).WithMailbox(64), "requests");
        var routing = AgentRouting.Make(Node, AgentSessions.Unpaced, 16, new ConnectedAgents(), NullLogger.Instance);
        var agents = System.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 16)).WithMailbox(16), "agents");
        System.Spawn(Props<ZoneLinkMessage>.Of(() => new ZoneLink(Node, new NodeHealth(), NullLogger.Instance)), "zone");
        Endpoints = new AgentEndpoints(Node, Customers, agents, new ConnectedAgents(), NullLogger.Instance);
        System.Events.Subscribe(world.Oracle.OnEvent);
    }

    public int Index { get; }

    public Process Process { get; }

    public SimulatedZoneLink Link { get; }

    public DmzContext Node { get; }

    public ActorSystem System { get; }

    public CustomerRegistry Customers { get; }

    public ActorRef<RequestsMessage> Requests { get; }

    public AgentEndpoints Endpoints { get; }

    /// <summary>The actor of the one customer's key; null before it is first asked for.</summary>
    public CustomerKey? Key => _key ?? Find();

    /// <summary>How often a share was given here.</summary>
    public int SharesGiven { get; set; }

    /// <summary>Set from the moment a user was told that the customer is locked here until shares are given again.</summary>
    public bool IsSaidLocked { get; set; }

    private CustomerKey? Find() => _key = Customers.Known(People.Customer) is { } refs
        ? Cells.Actor(Cells.Of(refs.Key)) as CustomerKey
        : null;
}
