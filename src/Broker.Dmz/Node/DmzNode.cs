using System.Security.Cryptography;
using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Gateway;
using Broker.Dmz.Requests;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Node;

/// <summary>One DMZ node: its identity, its actors, its three listeners. Made once a process; disposing it wipes every key.</summary>
internal sealed class DmzNode : IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(10);

    private readonly DmzOptions _options;
    private readonly InstallationKey _key;
    private readonly ActorSystem _system;
    private readonly NodeContext _node;
    private readonly CustomerRegistry _customers;
    private readonly ActorRef<RequestsMessage> _requests;
    private readonly ActorRef<AgentsMessage> _agents;
    private readonly ConnectedAgents _connected = new();
    private readonly ILoggerFactory _logs;

    /// <summary>Loads the node's keys, makes its incarnation and starts its actors.</summary>
    /// <exception cref="InstallationKeyException">A certificate or key file is missing, open to others, or not of this cluster.</exception>
    public DmzNode(DmzOptions options, TimeProvider time, ILoggerFactory logs)
    {
        _options = options;
        _logs = logs;
        var trust = LinkTrust.Load(options.Root);
        _key = InstallationKey.Load(options.Certificate, options.Key, trust);
        _system = new ActorSystem("dmz", new ActorSystemOptions { Time = time });
        var random = new RandomFill(_system.Random.Fill);
        var witnesses = Path.Combine(options.StateDirectory, "witness");
        Directory.CreateDirectory(witnesses, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var incarnation = NodeIncarnation.Make(
            trust.Cluster, _key.Identity.Name, Binary(), time.GetUtcNow(), s => _key.Sign(s), [.. _key.ChainDer.Select(c => c.ToArray())],
            random);
        var issuer = options.AgentIssuerCertificate is { } certificate
            ? new AgentIssuer(CertificateIssuer.LoadAgentIssuer(certificate, options.AgentIssuerKey!, trust, random), trust.Cluster)
            : null;
        var zone = new ZoneClient(new ZoneClientOptions(options.ZoneAddresses) { Deadline = options.ZoneDeadline }, _key, time);
        _node = new NodeContext(
            trust.Cluster, _key.Identity.Name, trust, incarnation, new LedgerKey(), zone, time, random, options.Limits, witnesses, issuer);

        var customers = _system.Spawn(
            Props<CustomersMessage>.Of(() => new Broker.Dmz.Customers.Customers(_node, logs.CreateLogger("broker.customers"))), "customers");
        _customers = new CustomerRegistry(customers);
        _requests = _system.Spawn(
            Props<RequestsMessage>.Of(() => new ProvisioningRequests(_node, options.MaxLaunches)).WithMailbox(options.MaxLaunches), "requests");
        _agents = _system.Spawn(
            Props<AgentsMessage>.Of(() => new AgentSessions(_node, options.MaxAgents, logs.CreateLogger("broker.agents")))
                .WithMailbox(options.MaxAgents),
            "agents");
        _system.Spawn(Props<ZoneLinkMessage>.Of(() => new ZoneLink(_node, logs.CreateLogger("broker.zone"))), "zone");
    }

    /// <summary>Whether the zone was reached and its ledger key verified.</summary>
    public bool IsReady => _node.Ledger.Key is not null;

    /// <summary>Adds the listeners to the server.</summary>
    public void Listen(KestrelServerOptions kestrel, RefusedHandshakes refused)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = ApiRoutes.MaxBody;
        kestrel.ListenLink(
            new LinkListener("console", _options.Console, LinkRole.Console), _key, refused, HttpProtocols.Http1AndHttp2);
        kestrel.ListenLink(
            new LinkListener("agents", _options.Agents, LinkRole.Agent) { MaxConnections = _options.MaxAgents }, _key, refused,
            HttpProtocols.Http1);
        if (_node.AgentIssuer is not null)
        {
            kestrel.ListenEnrolment(new LinkListener("enrolment", _options.Enrolment) { MaxConnections = 64 }, _key, refused);
        }
    }

    /// <summary>Maps the calls. Each listener serves its own: a path of another is not found there.</summary>
    public void Map(WebApplication application)
    {
        application.UseAgentLink();
        var log = _logs.CreateLogger("broker.gateway");
        var gateway = new GatewayContext(
            _node, _customers, _requests, _connected, new LoginTokens(_node.Time, _node.Random), log);
        var calls = new Calls(application, log);
        new CustomerCalls(gateway).Map(calls);
        new EffectCalls(gateway).Map(calls);
        new LaunchCalls(gateway).Map(calls);
        new MetadataCalls(gateway).Map(calls);
        new AgentEndpoints(_node, _customers, _agents, _connected, _logs.CreateLogger("broker.agents")).Map(application);
        if (_node.AgentIssuer is not null)
        {
            new EnrolmentEndpoint(_node, _customers).Map(application);
        }
    }

    /// <summary>Stops the actors, children first; secrets are wiped with them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _system.TerminateAsync(StopDeadline);
        _node.Zone.Dispose();
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
