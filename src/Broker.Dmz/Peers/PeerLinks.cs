using System.Net;
using Broker.Actors;
using Broker.Cluster;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Node;
using Broker.Dmz.Placement;
using Broker.Host;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Protocol.Encoding;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Peers;

/// <summary>All that a node has to do with other nodes, from its start to its stop.</summary>
internal sealed partial class PeerLinks : IAsyncDisposable
{
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(2);

    private readonly DmzContext _node;
    private readonly CustomerRegistry _customers;
    private readonly PeerOptions _options;
    private readonly InstallationKey _key;
    private readonly PeerFetcher _fetcher;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PeerClient> _toHolders = [];
    private readonly ActorRef<PlacementMessage>? _cluster;
    private Task _succession = Task.CompletedTask;

    public PeerLinks(
        DmzContext node, CustomerRegistry customers, PeerOptions options, ClusterSettings settings, InstallationKey key,
        ActorSystem system, ILoggerFactory logs)
    {
        (_node, _customers, _options, _key) = (node, customers, options, key);
        _log = logs.CreateLogger("broker.peers");
        _fetcher = new PeerFetcher(node, customers, _log);
        var proven = new PeerMembership(node);
        var membership = Membership = settings.Etcd is { } etcd
            ? EtcdMembership.Create(etcd, node.Cluster, node.Time, logs.CreateLogger("broker.etcd")) : proven;
        var placement = new PlacementOptions(settings.Holders, settings.MoveInterval);
        Intake = system.Spawn(
            Props<PeerIntakeMessage>.Of(() => new PeerIntake(
                node, _fetcher, c => Places.ShouldHold(c, node.Node, membership.View, placement.Holders))).WithMailbox(16),
            "intake");
        if (options.Listen is { } listen)
        {
            _ = membership.JoinAsync(
                new Member(node.Node, Own(listen), node.Incarnation.Key.Fingerprint, NodeVersion.Text), _stopping.Token);
        }

        if (node.Peers.Others.Count > 0)
        {
            var versions = new PeerVersions(_log);
            system.Spawn(Props<PeerWatchMessage>.Of(() => new PeerWatch(node, proven.Refresh, versions)).WithMailbox(16), "peers");
            var cluster = _cluster = system.Spawn(
                Props<PlacementMessage>.Of(() => new PlacementKeeper(
                    node, customers, placement, Intake, logs.CreateLogger("broker.cluster"))).WithMailbox(1024),
                "cluster");
            membership.Watch(view => cluster.TryTell(new PlacementMessage.Changed(view)));
        }
    }

    /// <summary>Who takes part.</summary>
    public IMembership Membership { get; }

    /// <summary>Takes admissions of this start of the node.</summary>
    public ActorRef<PeerIntakeMessage> Intake { get; }

    /// <summary>Maps the operations of the peer link, where this node listens for peers.</summary>
    /// <param name="endpoints">Where they are mapped.</param>
    /// <param name="owned">The gateway's calls that are answered for other nodes.</param>
    /// <param name="agents">Who is connected here.</param>
    public void Map(IEndpointRouteBuilder endpoints, OwnedCalls owned, ConnectedAgents agents)
    {
        if (_options.Listen is not null)
        {
            endpoints.MapPeers(new PeerService(_node, _customers, owned, agents));
        }
    }

    /// <summary>Begins to collect what a predecessor held.</summary>
    /// <param name="descriptor">The memfd with its tickets; null for the one that the service manager kept, if it did.</param>
    /// <exception cref="StartException">The descriptor holds no tickets.</exception>
    public void Start(int? descriptor)
    {
        descriptor ??= ServiceManager.Passed(TicketDescriptor.Name, Environment.GetEnvironmentVariable, Environment.ProcessId);
        if (descriptor is not { } number)
        {
            return;
        }

        try
        {
            var (key, tickets) = TicketDescriptor.Read(number);
            _succession = CollectAsync(key, tickets);
        }
        catch (Exception problem) when (problem is MalformedException or SecretMemoryExhaustedException)
        {
            throw new StartException($"--admission-fd {number}: {problem.Message}");
        }
    }

    /// <summary>Leaves tickets to the successor, and has other holders claim what this node owns.</summary>
    public async Task LeaveAsync(CancellationToken deadline)
    {
        await _stopping.CancelAsync();
        await _succession;
        if (_node.Peers.Others.Count > 0)
        {
            await LeaveTicketsAsync(deadline);
            // Who leaves claims nothing any more.
            _cluster?.Stop();
            await LeaveMembershipAsync(deadline);
            var given = await new PeerDeparture(_node, _customers).GiveOver(deadline);
            Log.Left(_log, given.Count);
        }
    }

    /// <summary>
    /// Says that it leaves, where that can be said soon: what nobody hears ends by itself, and customers wait for their next owner.
    /// </summary>
    private async Task LeaveMembershipAsync(CancellationToken deadline)
    {
        using var limit = new CancellationTokenSource(LeavePatience, _node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, deadline);
        try
        {
            await Membership.LeaveAsync(either.Token);
        }
        catch (OperationCanceledException) when (!deadline.IsCancellationRequested)
        {
            Log.NotLeft(_log);
        }
    }

    /// <summary>Draws tickets for the successor and has the service manager keep them, where one is there.</summary>
    private async Task LeaveTicketsAsync(CancellationToken deadline)
    {
        if (_options.Listen is not { } listen || Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } socket)
        {
            return;
        }

        using var key = TicketKey.Generate(_node.Random);
        var drawn = await new PeerDrain(_node, _customers, Own(listen)).Draw(key, deadline);
        if (drawn.Tickets.Count == 0)
        {
            return;
        }

        try
        {
            using var memfd = TicketDescriptor.Write(key, drawn);
            ServiceManager.Keep(socket, TicketDescriptor.Name, memfd);
            Log.Drawn(_log, drawn.Tickets.Count);
        }
        catch (IOException)
        {
            Log.NotKept(_log);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Membership.DisposeAsync();
        foreach (var peer in _node.Peers.Others.OfType<PeerClient>().Concat(_toHolders))
        {
            peer.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task CollectAsync(TicketKey key, DrawnTickets tickets)
    {
        using (key)
        {
            try
            {
                var got = await new PeerSuccession(_node, _fetcher).Collect(key, tickets, Reach, _stopping.Token);
                Log.Collected(_log, got.Count, tickets.Tickets.Count);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // The tickets' time is shorter than any stop; what was not collected needs two people, or shares.
            }
        }
    }

    private PeerCaller Reach(DrawnTicket drawn)
    {
        var ticket = drawn.Ticket.Read<DrainTicket>();
        if (!Uri.TryCreate(drawn.Address, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps)
        {
            throw new MalformedException("a ticket's address is no https:// address");
        }

        if (_node.Peers.Others.Concat(_toHolders).FirstOrDefault(p => p.Node == ticket.HolderNode && p.Address == address) is { } known)
        {
            return known;
        }

        var client = new PeerClient(ticket.HolderNode, address, _key, _node.Time);
        _toHolders.Add(client);
        return client;
    }

    /// <summary>Where a successor on this machine reaches the peer listener.</summary>
    internal static Uri Own(IPEndPoint listen) => new UriBuilder(
        Uri.UriSchemeHttps,
        (listen.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listen.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listen.Address).ToString(),
        listen.Port).Uri;

    private static partial class Log
    {
        [LoggerMessage(2701, LogLevel.Information, "{Customers} customers collected from holders, with {Tickets} tickets")]
        public static partial void Collected(ILogger log, int customers, int tickets);

        [LoggerMessage(2703, LogLevel.Information, "{Tickets} tickets for the successor are with the service manager")]
        public static partial void Drawn(ILogger log, int tickets);

        [LoggerMessage(2704, LogLevel.Warning,
            "the service manager did not take the tickets: two people, or custodians, have to admit the successor")]
        public static partial void NotKept(ILogger log);

        [LoggerMessage(2705, LogLevel.Warning, "nobody could be told that this node leaves; it counts until its time is over")]
        public static partial void NotLeft(ILogger log);

        [LoggerMessage(2702, LogLevel.Information, "{Customers} customers given over to other holders")]
        public static partial void Left(ILogger log, int customers);
    }
}
