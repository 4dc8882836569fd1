using System.Net;
using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Gateway;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Dmz.Placement;
using Broker.Dmz.Requests;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Support;

/// <summary>A DMZ node with its peer listener: another one of its own, or the world's, which is only served here.</summary>
internal sealed class OtherNode : IAsyncDisposable
{
    private static int _placements;
    private static int _names;

    private readonly DmzWorld _world;
    private readonly WebApplication _web;
    private readonly ActorSystem? _system;
    private readonly InstallationKey _key;
    private readonly List<PeerClient> _clients = [];
    private readonly List<PeerCaller> _known = [];
    private readonly List<Action> _stops = [];

    private OtherNode(
        DmzWorld world, InstallationKey key, ActorSystem? system, DmzContext node, CustomerRegistry customers,
        ActorRef<AgentsMessage> agents, AgentRouting routing, ActorRef<RequestsMessage> requests, ForwardGate? gate = null)
    {
        (_world, _key, _system, Node, Customers, Agents, Routing) = (world, key, system, node, customers, agents, routing);
        var standIns = (system ?? world.System).Spawn(
            Props<AgentsMessage>.Of(() => new AgentSessions(routing, 1000, standIns: true)),
            $"stand-ins-{Interlocked.Increment(ref _names)}");
        Fetcher = new PeerFetcher(node, customers, NullLogger.Instance);
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, world.Time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ListenLink(
            // Every role: what refuses is the check at the operation.
            new LinkListener(
                "peers", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Dmz, LinkRole.Console, LinkRole.Zone, LinkRole.Agent)
            {
                HandshakeTimeout = Patience.Limit,
            },
            key, refused, HttpProtocols.Http2));
        _web = builder.Build();
        _web.UseGatewayProblems();
        _web.UseRouting();
        Membership = new PeerMembership(node);
        Gateway = new GatewayContext(
            node, customers, requests, new ConnectedAgents(), new LoginTokens(world.Time), new EntryBudget(world.Time, 1000),
            NullLogger.Instance)
        {
            Membership = Membership,
            Holders = 2,
        };
        _web.MapGateway(Gateway);
        new EnrolmentRedeeming(node, customers).Enter(Gateway.Owned);
        if (node.AgentIssuer is not null)
        {
            new EnrolmentEndpoint(node, customers, Gateway.Forwarder).Map(_web);
        }

        Gate = gate ?? new ForwardGate();
        _web.MapPeers(new PeerService(node, customers, Gateway.Owned, Gateway.Agents), Gate);
        _web.MapAgentRelays(new AgentRelayService(routing, customers, agents, standIns));
    }

    public DmzContext Node { get; }

    public CustomerRegistry Customers { get; }

    public ActorRef<AgentsMessage> Agents { get; }

    public AgentRouting Routing { get; }

    public PeerFetcher Fetcher { get; }

    public GatewayContext Gateway { get; }

    public PeerMembership Membership { get; }

    public ForwardGate Gate { get; }

    /// <summary>The gateway's calls, by their operation ids of the OpenAPI document.</summary>
    public IReadOnlyDictionary<string, (string Method, string Path)> Calls => ((IEndpointRouteBuilder)_web).DataSources
        .SelectMany(static s => s.Endpoints).OfType<RouteEndpoint>()
        .Where(static e => e.Metadata.GetMetadata<About>() is not null).ToDictionary(
            static e => e.Metadata.GetMetadata<About>()!.Operation,
            static e => (e.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single(), e.RoutePattern.RawText!));

    /// <summary>Waits until the gate of forwarded calls stands so.</summary>
    public async Task Until(Func<ForwardGate, bool> stands)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!stands(Gate))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"{Gate.Calls} calls are within");
            await Task.Yield();
        }
    }

    /// <summary>A console's way to this node's gateway, or whatever else a certificate opens.</summary>
    public HttpClient Console(InstallationKey? key = null) =>
        LinkHttpClient.Create(key ?? _world.Console, new LinkServer(LinkRole.Dmz) { ConnectTimeout = Patience.Limit }, Address);

    public Uri Address => new(_web.Urls.Single());

    /// <summary>Serves the world's node to its peers.</summary>
    public static async Task<OtherNode> ServeAsync(DmzWorld world)
    {
        var key = world.Issue(LinkRole.Dmz, world.Node.Node.Value);
        var node = new OtherNode(world, key, null, world.Node, world.Customers, world.Agents, world.Routing, world.Requests);
        await node._web.StartAsync();
        return node;
    }

    /// <summary>Starts another node.</summary>
    public static async Task<OtherNode> StartAsync(
        DmzWorld world, string name, InstallationKey? key = null, ForwardGate? gate = null,
        int sessionsPerSecond = AgentSessions.Unpaced)
    {
        key ??= world.Issue(LinkRole.Dmz, name);
        var system = new ActorSystem(name, new ActorSystemOptions { Time = world.Time });
        var context = world.MakeNode(name, system, key);
        context.Ledger.Set(world.Zone.LedgerKey);
        var routing = AgentRouting.Make(context, sessionsPerSecond, 1000, new ConnectedAgents(), NullLogger.Instance);
        var agents = system.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 1000)), "agents");
        var requests = system.Spawn(Props<RequestsMessage>.Of(() => new ProvisioningRequests(context, 1000)), "requests");
        var node = new OtherNode(
            world, key, system, context, DmzWorld.StartCustomers(system, context), agents, routing, requests, gate);
        await node._web.StartAsync();
        return node;
    }

    /// <summary>The way from here to another node; not entered among the peers.</summary>
    public PeerClient To(OtherNode other)
    {
        var client = new PeerClient(other.Node.Node, other.Address, _key, _world.Time, Patience.Limit);
        _clients.Add(client);
        return client;
    }

    /// <summary>Enters another node among the peers of this one.</summary>
    public PeerClient Know(OtherNode other) => Know(other.Node.Node, other.Address);

    /// <summary>Enters whoever is at an address among the peers of this one.</summary>
    public PeerClient Know(Name node, Uri address)
    {
        var client = new PeerClient(node, address, _key, _world.Time, Patience.Limit);
        _clients.Add(client);
        ((PeerList)Node.Peers.Others).Add(client);
        return client;
    }

    /// <summary>Nobody reaches this node any more; its actors go on.</summary>
    public Task StopListening() => _web.StopAsync();

    /// <summary>Starts what looks after the peers and brings customers to where they belong.</summary>
    public async Task StartPlacement(PlacementOptions options)
    {
        await Membership.JoinAsync(
            new Cluster.Member(Node.Node, Address, Node.Incarnation.Key.Fingerprint, "test"), CancellationToken.None);
        var (system, name) = (_system ?? _world.System, Interlocked.Increment(ref _placements));
        var placement = system.Spawn(
            Props<PlacementMessage>.Of(() => new PlacementKeeper(Node, Customers, options, null, NullLogger.Instance)), $"cluster-{name}");
        Membership.Watch(view => placement.TryTell(new PlacementMessage.Changed(view)));
        var watch = system.Spawn(
            Props<PeerWatchMessage>.Of(
                () => new PeerWatch(Node, Membership.Refresh, gone => placement.TryTell(new PlacementMessage.Gone(gone)))),
            $"peers-{name}");
        _stops.AddRange([watch.Stop, placement.Stop]);
    }

    /// <summary>Enters whatever there is at an address among the peers.</summary>
    public void KnowAs(Broker.Protocol.Identifiers.Name name, Uri address)
    {
        var client = new PeerClient(name, address, _key, _world.Time, Patience.Limit);
        _clients.Add(client);
        Know(client);
    }

    /// <summary>Enters a way to another node among the peers.</summary>
    public void Know(PeerCaller peer)
    {
        _known.Add(peer);
        ((PeerList)Node.Peers.Others).Add(peer);
    }

    /// <summary>Has another way to a node that is known already.</summary>
    public void Replace(PeerCaller peer)
    {
        ((PeerList)Node.Peers.Others).Remove(Node.Peers.Find(peer.Node)!);
        Know(peer);
    }

    /// <summary>Asks owners of relays whether they live, as a node does all the time.</summary>
    public void Watch() => (_system ?? _world.System).Spawn(
        Props<AgentRelayWatchMessage>.Of(() => new AgentRelayWatch(Routing)), $"relays-{Interlocked.Increment(ref _names)}");

    /// <summary>The customer's people before this node's key actor.</summary>
    public async Task<TestCustomer> At(TestCustomer customer) =>
        customer.At((await Customers.Find(customer.Name, exists: true)).Value!, Agents);

    public async ValueTask DisposeAsync()
    {
        _stops.ForEach(static stop => stop());
        await _web.DisposeAsync();
        foreach (var peer in _known.Concat(_clients))
        {
            ((PeerList)Node.Peers.Others).Remove(peer);
        }

        _clients.ForEach(static client => client.Dispose());

        if (_system is not null)
        {
            await _system.DisposeAsync();
            ((ZoneClient)Node.Zone).Dispose();
            Node.Incarnation.Dispose();
            Node.AgentIssuer?.Dispose();
        }
    }
}
