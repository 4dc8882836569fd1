using Broker.Cluster.Etcd;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Cluster.Tests.Support;

/// <summary>A fake etcd of one store with some members, and nodes that use it.</summary>
internal sealed class EtcdWorld : IAsyncDisposable
{
    public static readonly Name Cluster = Name.Parse("test-cluster");
    public static readonly EtcdKeys Keys = new(Cluster);

    private readonly EtcdAuthority _authority = new();
    private readonly List<EtcdMembership> _nodes = [];

    public List<FakeEtcd> Etcd { get; } = [];

    public FakeStore Store { get; } = new();

    public static async Task<EtcdWorld> StartAsync(int members = 1)
    {
        var world = new EtcdWorld();
        for (var i = 0; i < members; i++)
            world.Etcd.Add(await FakeEtcd.StartAsync(world._authority, world.Store));
        return world;
    }

    /// <summary>A start of a node, as others see it.</summary>
    public static Member Start(string node, byte incarnation = 1) =>
        new(Name.Parse(node), new Uri("https://127.0.0.1:7447"), Digest.Of([incarnation]), "1.0");

    /// <summary>
    /// A node that has not joined. Its lease is so long, and its attempts wait so long, that without a clock of the test's it beats only
    /// when a test says so.
    /// </summary>
    public EtcdMembership Node(
        TimeProvider? time = null, int ttl = 60, TimeSpan? attempt = null, int page = 256, ILogger? log = null)
    {
        time ??= new SteadyTime();
        var client = new EtcdClient(
            new EtcdClientOptions([.. Etcd.Select(static e => e.Address)])
            {
                AttemptTimeout = attempt ?? Patience.Limit,
                ConnectTimeout = Patience.Limit,
            },
            _authority.Client(), time);
        var options = new EtcdMembershipOptions(Cluster, TimeSpan.FromSeconds(ttl))
        {
            PageSize = page,
            RetryFrom = TimeSpan.FromMilliseconds(10),
        };
        var node = new EtcdMembership(options, client, time, log ?? NullLogger.Instance);
        _nodes.Add(node);
        return node;
    }

    public async Task<EtcdMembership> JoinedAsync(string node, byte incarnation = 1)
    {
        var membership = Node();
        await membership.JoinAsync(Start(node, incarnation), Soon());
        return membership;
    }

    /// <summary>Ends a wait that has gone wrong; nothing that goes well takes this long.</summary>
    public static CancellationToken Soon() => new CancellationTokenSource(Patience.Limit).Token;

    /// <summary>Waits for what other threads do.</summary>
    public static async Task UntilAsync(Func<bool> isSo)
    {
        for (var soon = Soon(); !isSo();)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, soon);
    }

    /// <summary>Waits for a view.</summary>
    public static async Task<ClusterView> UntilAsync(IMembership membership, Func<ClusterView, bool> isIt)
    {
        var found = new TaskCompletionSource<ClusterView>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watch = membership.Watch(view =>
        {
            if (isIt(view))
                found.TrySetResult(view);
        });
        try
        {
            return await found.Task.WaitAsync(Soon());
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the view stayed {membership.View.IsCurrent} {string.Join(',', Nodes(membership.View))}");
        }
    }

    /// <summary>Waits for a current view of exactly these nodes.</summary>
    public static Task<ClusterView> UntilAsync(IMembership membership, params string[] nodes) =>
        UntilAsync(membership, view => view.IsCurrent && Nodes(view).SequenceEqual(nodes));

    /// <summary>Has a node look now, and waits until it has.</summary>
    public static async Task BeatAsync(EtcdMembership node)
    {
        // The one that is under way may have begun before what the test did.
        for (var (i, soon) = (0, Soon()); i < 2; i++)
        {
            var before = node.Beats;
            while (node.Beats == before)
            {
                node.BeatNow();
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, soon);
            }
        }
    }

    public static IEnumerable<string> Nodes(ClusterView view) => view.Members.Select(static m => m.Node.Value);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var etcd in Etcd)
            await etcd.DisposeAsync();
        _authority.Dispose();
    }
}
