using System.Net;
using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Support;

/// <summary>A DMZ node with its peer listener: another one of its own, or the world's, which is only served here.</summary>
internal sealed class OtherNode : IAsyncDisposable
{
    private static int _names;

    private readonly DmzWorld _world;
    private readonly WebApplication _web;
    private readonly ActorSystem? _system;
    private readonly InstallationKey _key;
    private readonly List<PeerClient> _clients = [];

    private OtherNode(
        DmzWorld world, InstallationKey key, ActorSystem? system, DmzContext node, CustomerRegistry customers,
        ActorRef<AgentsMessage> agents, AgentRouting routing)
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
                "peers", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Dmz, LinkRole.Console, LinkRole.Zone, LinkRole.Agent),
            key, refused, HttpProtocols.Http2));
        _web = builder.Build();
        _web.UseRouting();
        _web.MapPeers(new PeerService(node, customers));
        _web.MapAgentRelays(new AgentRelayService(routing, customers, agents, standIns));
    }

    public DmzContext Node { get; }

    public CustomerRegistry Customers { get; }

    public ActorRef<AgentsMessage> Agents { get; }

    public AgentRouting Routing { get; }

    public PeerFetcher Fetcher { get; }

    public Uri Address => new(_web.Urls.Single());

    /// <summary>Serves the world's node to its peers.</summary>
    public static async Task<OtherNode> ServeAsync(DmzWorld world)
    {
        var key = world.Issue(LinkRole.Dmz, world.Node.Node.Value);
        var node = new OtherNode(world, key, null, world.Node, world.Customers, world.Agents, world.Routing);
        await node._web.StartAsync();
        return node;
    }

    /// <summary>Starts another node.</summary>
    public static async Task<OtherNode> StartAsync(
        DmzWorld world, string name, InstallationKey? key = null, int sessionsPerSecond = AgentSessions.Unpaced)
    {
        key ??= world.Issue(LinkRole.Dmz, name);
        var system = new ActorSystem(name, new ActorSystemOptions { Time = world.Time });
        var context = world.MakeNode(name, system, key);
        context.Ledger.Set(world.Zone.LedgerKey);
        var routing = AgentRouting.Make(context, sessionsPerSecond, 1000, new ConnectedAgents(), NullLogger.Instance);
        var agents = system.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 1000)), "agents");
        var node = new OtherNode(world, key, system, context, DmzWorld.StartCustomers(system, context), agents, routing);
        await node._web.StartAsync();
        return node;
    }

    /// <summary>The way from here to another node; not entered among the peers.</summary>
    public PeerClient To(OtherNode other)
    {
        var client = new PeerClient(other.Node.Node, other.Address, _key, _world.Time);
        _clients.Add(client);
        return client;
    }

    /// <summary>Enters another node among the peers of this one.</summary>
    public PeerClient Know(OtherNode other) => Know(other.Node.Node, other.Address);

    /// <summary>Enters whoever is at an address among the peers of this one.</summary>
    public PeerClient Know(Name node, Uri address)
    {
        var client = new PeerClient(node, address, _key, _world.Time);
        _clients.Add(client);
        ((PeerList)Node.Peers.Others).Add(client);
        return client;
    }

    /// <summary>Asks owners of relays whether they live, as a node does all the time.</summary>
    public void Watch() => (_system ?? _world.System).Spawn(
        Props<AgentRelayWatchMessage>.Of(() => new AgentRelayWatch(Routing)), $"relays-{Interlocked.Increment(ref _names)}");

    /// <summary>The customer's people before this node's key actor.</summary>
    public async Task<TestCustomer> At(TestCustomer customer) =>
        customer.At((await Customers.Find(customer.Name, exists: true)).Value!, Agents);

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        foreach (var client in _clients)
        {
            ((PeerList)Node.Peers.Others).Remove(client);
            client.Dispose();
        }

        if (_system is not null)
        {
            await _system.DisposeAsync();
            ((ZoneClient)Node.Zone).Dispose();
            Node.Incarnation.Dispose();
            Node.AgentIssuer?.Dispose();
        }
    }
}
