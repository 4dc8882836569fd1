using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Dmz.Requests;
using Broker.Host.Health;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Simulation.Tests;

/// <summary>One start of a DMZ node's process: the real actors over simulated links, its witness file on tmpfs.</summary>
internal sealed class DmzProcess : IServing
{
    private static readonly NodeLimits Limits = new(
        MaxCustomers: 16, MaxInFlight: 64, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromHours(24));

    private readonly Operations _operations = new();
    private readonly Network _network;
    private CustomerKey? _key;

    /// <param name="world">Where.</param>
    /// <param name="installation">Certificates.</param>
    /// <param name="index">Which node.</param>
    /// <param name="directory">Of its witness files.</param>
    /// <param name="network">How it reaches others.</param>
    /// <param name="zone">The zone, while it is up.</param>
    /// <param name="seed">Of its randomness.</param>
    /// <param name="peers">The nodes that are up; null where this one knows of none.</param>
    public DmzProcess(
        World world, Installation installation, int index, string directory, Network network, Func<ZoneNode?> zone, ulong seed,
        DmzProcess?[]? peers)
    {
        var key = installation.Nodes[index];
        Index = index;
        Started = world.Clock.Now;
        _network = network;
        Process = new Process(world, key.Identity.Name.Value, seed);
        Link = new SimulatedZoneLink(Process, key.Identity, network, zone);
        NodeIncarnation? incarnation = null;
        world.Run(Process, () => incarnation = NodeIncarnation.Make(
            installation.Cluster, key.Identity.Name, Digest.Zero, Process.Time.GetUtcNow(),
            peers is null ? _ => new byte[PublicKey.SignatureLength] : message => Installation.Sign(world, key, message),
            peers is null ? [] : [.. key.ChainDer.Select(static c => c.ToArray())], Process.Fill));
        Node = new DmzContext(
            installation.Cluster, key.Identity.Name, installation.Trust, incarnation!, new LedgerKey(), Link, Process.Time, Process.Fill,
            Limits, directory, null)
        {
            Peers = peers is null ? NodePeers.None : Know(installation, network, peers),
        };
        System = Process.NewSystem("dmz");
        var customers = System.Spawn(
            Props<CustomersMessage>.Of(() => new Broker.Dmz.Customers.Customers(Node, NullLogger.Instance)), "customers");
        Customers = new CustomerRegistry(customers);
        Requests = System.Spawn(Props<RequestsMessage>.Of(() => new ProvisioningRequests(Node, 64)).WithMailbox(64), "requests");
        // A seed says the same on every machine, however many cores it has.
        var routing = AgentRouting.Make(Node, AgentSessions.Unpaced, 16, new ConnectedAgents(), NullLogger.Instance) with
        {
            Places = new HandshakePlaces(Node.Time, 4),
        };
        var agents = System.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 16)).WithMailbox(16), "agents");
        System.Spawn(Props<ZoneLinkMessage>.Of(() => new ZoneLink(Node, new NodeHealth(), NullLogger.Instance)), "zone");
        Endpoints = new AgentEndpoints(Node, Customers, agents, new ConnectedAgents(), NullLogger.Instance);
        System.Events.Subscribe(world.Oracle.OnEvent);
        Fetcher = new PeerFetcher(Node, Customers, NullLogger.Instance);
        Map(new PeerService(Node, Customers), world.Oracle);
        if (peers is not null && world.Seed % 2 == 0)
        {
            System.Spawn(Props<PeerIntakeMessage>.Of(() => new PeerIntake(Node, Fetcher)).WithMailbox(16), "intake");
        }
    }

    public int Index { get; }

    /// <summary>Ticks at which it was started.</summary>
    public long Started { get; }

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

    /// <summary>The way to the other node; null where this one knows of none.</summary>
    public SimulatedPeerLink? Peer => Node.Peers.Others is [SimulatedPeerLink link] ? link : null;

    /// <summary>Asks the other node for customers.</summary>
    public PeerFetcher Fetcher { get; }

    /// <summary>A way to another start of this node, on the same machine.</summary>
    public SimulatedPeerLink To(DmzProcess start) =>
        new(Process, Peer!.Identity, _network, start.Node.Node, () => start.Process.IsDead ? null : start);

    /// <summary>What people have given here: makings of ways, with the indexes of shares.</summary>
    public HashSet<(Id16 Split, uint Index)> Given { get; } = [];

    /// <inheritdoc/>
    public Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, PeerIdentity peer, byte[] request)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => _operations.Serve(operation, peer, request);

    private NodePeers Know(Installation installation, Network network, DmzProcess?[] peers)
    {
        var other = 1 - Index;
        var link = new SimulatedPeerLink(
            Process, installation.Nodes[Index].Identity, network, installation.Nodes[other].Identity.Name, () => peers[other]);
        return new NodePeers(
            new AdmissionPolicy(IsAuto: true, new Dictionary<Name, PublicKey>()), [link], new LiveIncarnations(Process.Time));
    }

    private void Map(PeerService service, Oracle oracle)
    {
        _operations.Add(PeerOperations.Describe, service.Describe);
        _operations.Add(PeerOperations.DrawTicket, service.DrawTicket);
        _operations.Add(PeerOperations.TakeOver, service.TakeOver);
        _operations.Add(PeerOperations.Wipe, service.Wipe);
        _operations.Add(PeerOperations.Transfer, async (peer, request, token) =>
        {
            var answer = await service.Transfer(peer, request, token);
            if (answer.Reply is { } reply)
            {
                oracle.HandsOver(Statement.Read<TransferIntent>(reply.Intent.Statement.Span));
            }

            return answer;
        });
    }

    private CustomerKey? Find() => _key = Customers.Known(People.Customer) is { } refs
        ? Cells.Actor(Cells.Of(refs.Key)) as CustomerKey
        : null;
}
