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
            var cluster = _cluster = system.Spawn(
                Props<PlacementMessage>.Of(() => new PlacementKeeper(
                    node, customers, placement, Intake, logs.CreateLogger("broker.cluster"))).WithMailbox(1024),
                "cluster");
            membership.Watch(view => cluster.TryTell(new PlacementMessage.Changed(view)));
            system.Spawn(
                Props<PeerWatchMessage>.Of(
                    () => new PeerWatch(
                        node, proven.Refresh, gone => cluster.TryTell(new PlacementMessage.Gone(gone)), versions)).WithMailbox(64),
                "peers");
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
            endpoints.MapPeers(new PeerService(_node, _customers, owned, agents, Intake));
        }
    }

    /// <summary>Begins to collect what a predecessor held.</summary>
    /// <param name="descriptor">The memfd with its tickets; null for the one that the service manager kept, if it did.</param>
    /// <exception cref="StartException">The descriptor holds no tickets.</exception>
    public void Start(int? descriptor)
    {
        if (descriptor is not { } number)
        {
            TakeKept();
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

    /// <summary>
    /// Takes what the service manager kept from an earlier start. It passes the same descriptors to each start until it is told to let go,
    /// so that one that was read already, or is none, is no reason not to start.
    /// </summary>
    private void TakeKept()
    {
        var collecting = new List<Task>();
        foreach (var number in ServiceManager.Passed(TicketDescriptor.Name, Environment.GetEnvironmentVariable, Environment.ProcessId))
        {
            try
            {
                var (key, tickets) = TicketDescriptor.Read(number);
                collecting.Add(CollectAsync(key, tickets));
            }
            catch (Exception problem) when (problem is MalformedException or SecretMemoryExhaustedException)
            {
                Log.NoTickets(_log, number, problem.Message);
            }

            ForgetKept();
        }

        _succession = Task.WhenAll(collecting);
    }

    private void ForgetKept()
    {
        try
        {
            if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } socket)
            {
                ServiceManager.Forget(socket, TicketDescriptor.Name);
            }
        }
        catch (IOException)
        {
            Log.NotForgotten(_log);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Where the node did not leave first, tickets may be tried still: their key is wiped when that has ended, however it ends.
        await _stopping.CancelAsync();
        await _succession.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                var got = await new PeerSuccession(_node, _fetcher, _log).Collect(key, tickets, Reach, _stopping.Token);
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

        [LoggerMessage(2706, LogLevel.Warning, "descriptor {Number} of the service manager: {Problem}; left alone")]
        public static partial void NoTickets(ILogger log, int number, string problem);

        [LoggerMessage(2707, LogLevel.Warning, "the service manager could not be told to let go of tickets that were used")]
        public static partial void NotForgotten(ILogger log);

        [LoggerMessage(2703, LogLevel.Information, "{Tickets} tickets for the successor are with the service manager")]
        public static partial void Drawn(ILogger log, int tickets);

        [LoggerMessage(2704, LogLevel.Warning,
            "no tickets could be left with the service manager: two people, or custodians, have to admit the successor")]
        public static partial void NotKept(ILogger log);

        [LoggerMessage(2705, LogLevel.Warning, "nobody could be told that this node leaves; it counts until its time is over")]
        public static partial void NotLeft(ILogger log);

        [LoggerMessage(2702, LogLevel.Information, "{Customers} customers given over to other holders")]
        public static partial void Left(ILogger log, int customers);

        [LoggerMessage(2708, LogLevel.Error,
            "customer {Customer} is given over to nobody ({Code}): it is locked when this node is gone, unless another holds it")]
        public static partial void Kept(ILogger log, Protocol.Identifiers.Name customer, string code);

        [LoggerMessage(2709, LogLevel.Error, "the time for giving over is over; {Customers} customers are still owned here")]
        public static partial void OutOfTime(ILogger log, int customers);

        [LoggerMessage(2710, LogLevel.Information, "leaving: {Reason}")]
        public static partial void Leaving(ILogger log, string reason);
    }
}
