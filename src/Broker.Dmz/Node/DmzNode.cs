using System.Security.Cryptography;
using Broker.Actors;
using Broker.Cluster;
using Broker.Dmz.Agents;
using Broker.Dmz.Custody;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Gateway;
using Broker.Dmz.Peers;
using Broker.Dmz.Requests;
using Broker.Host;
using Broker.Host.Health;
using Broker.Host.Running;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Node;

/// <summary>One DMZ node: its identity, its actors, its three listeners. Made once a process; disposing it wipes every key.</summary>
internal sealed class DmzNode : INode
{
    private const int CryptoHeap = 1 << 20;
    private const int MaxPeerConnections = 256;

    // Of the time of the whole stop.
    private const double ForGivingOver = 0.5;
    private const double ForAgents = 0.2;

    private static readonly TimeSpan LastDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(1);

    private readonly DmzOptions _options;
    private readonly InstallationKey _key;
    private readonly ActorSystem _system;
    private readonly ZoneClient _zone;
    private readonly TokenWraps _tokens;
    private readonly DmzContext _node;
    private readonly CustomerRegistry _customers;
    private readonly ActorRef<RequestsMessage> _requests;
    private readonly ActorRef<AgentsMessage> _agents;
    private readonly ConnectedAgents _connected = new();
    private readonly AgentRouting _routing;
    private readonly ActorRef<AgentsMessage> _standIns;
    private readonly ILoggerFactory _logs;
    private readonly NodeHealth _health;
    private readonly WebApplication _web;
    private readonly PeerLinks _links;
    private readonly Host.Running.NodeContext _host;

    /// <summary>Loads the node's keys, makes its incarnation and starts its actors.</summary>
    /// <exception cref="InstallationKeyException">A certificate or key file is missing, open to others, or not of this cluster.</exception>
    public DmzNode(DmzOptions options, Host.Running.NodeContext host)
    {
        var (logs, time) = (host.Logs, host.Time);
        _host = host;
        _options = options;
        _logs = logs;
        _health = host.Health;
        _key = options.Tls.Load(LinkRole.Dmz);
        var trust = _key.Trust;
        _system = new ActorSystem("dmz", new ActorSystemOptions { Time = time });
        host.Shutdown.AddTermination(_system);
        var random = new RandomFill(_system.Random.Fill);
        var witnesses = Path.Combine(options.StateDirectory, "witness");
        Directory.CreateDirectory(witnesses, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var incarnation = NodeIncarnation.Make(
            trust.Cluster, _key.Identity.Name, Binary(), time.GetUtcNow(), s => _key.Sign(s), [.. _key.ChainDer.Select(c => c.ToArray())],
            random);
        var issuer = options.AgentIssuerCertificate is { } certificate
            ? new AgentIssuer(CertificateIssuer.LoadAgentIssuer(certificate, options.AgentIssuerKey!, trust, random), trust.Cluster)
            : null;
        _zone = new ZoneClient(new ZoneClientOptions(options.ZoneAddresses) { Deadline = options.ZoneDeadline }, _key, time);
        _node = new DmzContext(
            trust.Cluster, _key.Identity.Name, trust, incarnation, new LedgerKey(), _zone, time, random, options.Limits, witnesses, issuer)
        {
            Peers = new NodePeers(
                AdmissionPolicy.Load(options.Peers.IsAuto, options.Peers.People),
                [.. options.Peers.Nodes.Select(n => new PeerClient(n.Key, n.Value, _key, time))], new LiveIncarnations(time)),
            Tokens = _tokens = new TokenWraps(options.Custody.Ways, time, random, logs.CreateLogger("broker.custody")),
        };

        var customers = _system.Spawn(
            Props<CustomersMessage>.Of(() => new Broker.Dmz.Customers.Customers(_node, logs.CreateLogger("broker.customers"))),
            "customers");
        _customers = new CustomerRegistry(customers);
        _links = new PeerLinks(_node, _customers, options.Peers, options.Cluster, _key, _system, logs);
        _requests = _system.Spawn(
            Props<RequestsMessage>.Of(() => new ProvisioningRequests(_node, options.MaxLaunches)).WithMailbox(options.MaxLaunches),
            "requests");
        _routing = AgentRouting.Make(_node, options.SessionsPerSecond, options.MaxAgents, _connected, logs.CreateLogger("broker.agents"));
        if (_links.Membership is EtcdMembership etcd)
        {
            _routing = _routing with { Directory = new EtcdAgentPlaces(etcd.Agents, _routing.Directory, time) };
        }

        _agents = _system.Spawn(
            Props<AgentsMessage>.Of(() => new AgentSessions(_routing, options.MaxAgents)).WithMailbox(options.MaxAgents), "agents");
        _standIns = _system.Spawn(
            Props<AgentsMessage>.Of(() => new AgentSessions(_routing, options.MaxAgents, standIns: true)).WithMailbox(options.MaxAgents),
            "stand-ins");
        _system.Spawn(Props<AgentRelayWatchMessage>.Of(() => new AgentRelayWatch(_routing)).WithMailbox(16), "relays");
        ZoneLink.Expect(host.Health);
        _system.Spawn(Props<ZoneLinkMessage>.Of(() => new ZoneLink(_node, host.Health, logs.CreateLogger("broker.zone"))), "zone");
        if (options.Custody.Ways.Count > 0)
        {
            _system.Spawn(
                Props<WayOpenerMessage>.Of(
                    () => new WayOpener(_node, _customers, options.Custody, host.Health, logs.CreateLogger("broker.custody"))),
                "custody");
        }

        var builder = host.CreateWebBuilder(kestrel => Listen(kestrel, host.Refused));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            // What the description is made of; the calls read and write by ApiJson itself.
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        builder.Services.AddApiDocument();
        _web = builder.Build();
        Map(_web);
    }

    /// <summary>Prepares the process for secrets, starts the node and serves.</summary>
    public static async Task<INode> StartAsync(Host.Running.NodeContext host, DmzOptions options, CancellationToken cancellationToken)
    {
        try
        {
            ProcessHardening.Apply();
            SecretMemory.Configure(options.SecretCapacity, options.SecretBacking);
            ProcessHardening.LockCryptoHeap(CryptoHeap);
        }
        catch (SecretMemoryException problem)
        {
            throw new StartException(problem.Message);
        }

        var node = new DmzNode(options, host);
        try
        {
            await node._web.StartAsync(cancellationToken);
            node._links.Start(options.AdmissionDescriptor);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// While calls are still taken: has other holders claim what it owns, leaves tickets to its successor, and sends its agents to other
    /// nodes. Each has a share of the time, so that what comes after has its own.
    /// </summary>
    public async Task LeaveAsync(string reason, CancellationToken deadline)
    {
        var begun = _node.Time.GetTimestamp();
        var share = _host.StopDeadline * ForGivingOver;
        using (var limit = new CancellationTokenSource(share, _node.Time))
        using (var budget = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, deadline))
        {
            _host.Tell("leaving: customers go to other nodes");
            await _links.LeaveAsync(reason, budget.Token);
        }

        if (_node.Peers.Others.Count > 0)
        {
            _host.Tell("leaving: agents go to other nodes");
            _node.Drain.ReleaseAgents();
            var left = (_host.StopDeadline * (ForGivingOver + ForAgents)) - _node.Time.GetElapsedTime(begun);
            await new AgentRelease(_node, _agents, _connected, _options.SessionsPerSecond).Run(left, deadline);
        }

        _node.Drain.Close();
        _host.Tell($"closing: {_node.Drain.State.GivenOver} customers given over, {_node.Drain.State.Left.Count} not");
        await _node.Drain.Told(Goodbye);
    }

    /// <summary>
    /// Takes no new calls, lets those in hand end, then stops the actors: open hand-offs are settled from the journal later.
    /// </summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        await _web.StopAsync(deadline);
        await _system.TerminateAsync(LastDeadline);
    }

    private void Listen(KestrelServerOptions kestrel, RefusedHandshakes refused)
    {
        kestrel.Limits.MaxRequestBodySize = ApiRoutes.MaxBody;
        kestrel.ListenLink(
            new LinkListener("console", _options.Console, LinkRole.Console), _key, refused, HttpProtocols.Http1AndHttp2);
        kestrel.ListenLink(
            new LinkListener("agents", _options.Agents, LinkRole.Agent) { MaxConnections = _options.MaxAgents }, _key, refused,
            HttpProtocols.Http1);
        if (_options.Peers.Listen is { } peers)
        {
            kestrel.ListenLink(
                new LinkListener("peers", peers, LinkRole.Dmz) { MaxConnections = MaxPeerConnections }, _key, refused, HttpProtocols.Http2);
        }

        if (_node.AgentIssuer is not null)
        {
            kestrel.ListenEnrolment(new LinkListener("enrolment", _options.Enrolment) { MaxConnections = 64 }, _key, refused);
        }
    }

    // Each call checks the role of its peer itself, so that it does not matter at which listener it comes in.
    private void Map(WebApplication application)
    {
        application.UseGatewayProblems();
        application.UseAgentLink();
        application.UseRouting();
        _health.Measure("secret-bytes", static () => SecretMemory.Default.LiveBytes);
        _health.Measure("secret-buffers", static () => SecretMemory.Default.LiveBuffers);
        _health.Measure("customers-owned", () => _node.Held.All.Count(static h => h.State == KeyState.Unlocked));
        _health.Measure("customers-held", () => _node.Held.All.Count(static h => h.Holds));
        _health.Measure("agents-connected", () => _connected.Count);
        _health.Measure("managed-bytes", static () => GC.GetTotalMemory(forceFullCollection: false));
        application.MapHealth(_health).RequireRole(LinkRole.Console);
        application.MapOpenApi().RequireRole(LinkRole.Console);
        var log = _logs.CreateLogger("broker.gateway");
        var gateway = new GatewayContext(
            _node, _customers, _requests, _connected, new LoginTokens(_node.Time),
            new EntryBudget(_node.Time, _options.Custody.EntriesPerMinute), log)
        {
            Intake = _links.Intake,
            Membership = _links.Membership,
            Holders = _options.Cluster.Holders,
            Drain = new DrainPermit(_options.DrainConsoles, _host.Stop),
        };
        application.MapGateway(gateway);
        new EnrolmentRedeeming(_node, _customers).Enter(gateway.Owned);
        _links.Map(application, gateway.Owned, _connected);
        new AgentEndpoints(_node, _customers, _agents, _connected, _routing.Log, _routing.Directory).Map(application);
        if (_options.Peers.Listen is not null)
        {
            application.MapAgentRelays(new AgentRelayService(_routing, _customers, _agents, _standIns));
        }

        if (_node.AgentIssuer is not null)
        {
            new EnrolmentEndpoint(_node, _customers, gateway.Forwarder).Map(application);
            application.MapRoot(_node.Trust).ExcludeFromDescription();
        }
    }

    /// <summary>Stops the actors, children first; secrets are wiped with them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        await _system.TerminateAsync(LastDeadline);
        await _tokens.DisposeAsync();
        _zone.Dispose();
        await _links.DisposeAsync();
        _node.AgentIssuer?.Dispose();
        _node.Incarnation.Dispose();
        _key.Dispose();
    }

    private static Digest Binary()
    {
        var path = typeof(DmzNode).Assembly.Location is { Length: > 0 } assembly ? assembly : Environment.ProcessPath!;
        using var file = File.OpenRead(path);
        Span<byte> hash = stackalloc byte[Digest.Length];
        SHA256.HashData(file, hash);
        return new Digest(hash);
    }
}
