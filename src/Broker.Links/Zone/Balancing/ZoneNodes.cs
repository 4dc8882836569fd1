using System.Net;
using System.Net.Sockets;

namespace Broker.Links.Zone;

/// <summary>
/// The zone's nodes: the addresses of the settings, where a name counts once for each address that it has, and is looked up again now and
/// then. Thread-safe.
/// </summary>
/// <param name="options">The addresses.</param>
/// <param name="time">Measures how old a look-up is.</param>
internal sealed class ZoneNodes(ZoneClientOptions options, TimeProvider time)
{
    private const int MaxAddressesOfAName = 64;

    private readonly Lock _lock = new();
    private ZoneNode[] _nodes = [];
    private Task? _lookingUp;
    private long _lookedUpAt;
    private uint _turn;

    /// <summary>The nodes that were found last.</summary>
    public IReadOnlyList<ZoneNode> Known
    {
        get
        {
            lock (_lock)
                return _nodes;
        }
    }

    /// <summary>
    /// The nodes in the order in which a call tries them. Those that do well come first, from one further on at each call, and of the first
    /// two the one with fewer calls in flight; then the others, which are tried when nothing else is left.
    /// </summary>
    public async ValueTask<IReadOnlyList<ZoneNode>> OrderAsync(CancellationToken cancellationToken)
    {
        var nodes = await CurrentAsync(cancellationToken).ConfigureAwait(false);
        if (nodes.Length == 1)
            return nodes;
        var turn = unchecked(Interlocked.Increment(ref _turn) - 1);
        var order = new List<ZoneNode>(nodes.Length);
        var others = new List<ZoneNode>();
        for (var i = 0u; i < nodes.Length; i++)
        {
            var node = nodes[unchecked(turn + i) % (uint)nodes.Length];
            (node.IsGood ? order : others).Add(node);
        }

        if (order.Count > 1 && order[1].InFlight < order[0].InFlight)
            (order[0], order[1]) = (order[1], order[0]);
        order.AddRange(others);
        return order;
    }

    private async ValueTask<ZoneNode[]> CurrentAsync(CancellationToken cancellationToken)
    {
        Task? first = null;
        lock (_lock)
        {
            if (_nodes.Length > 0 && !IsOldNeedsLock())
                return _nodes;
            // One look-up at a time; only the very first is waited for.
            if (_lookingUp is null or { IsCompleted: true })
                _lookingUp = LookUpAsync();
            if (_nodes.Length == 0)
                first = _lookingUp;
        }

        if (first is not null)
            await first.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
            return _nodes;
    }

    private bool IsOldNeedsLock() =>
        options.Addresses.Any(IsName) &&
        time.GetElapsedTime(_lookedUpAt) >= (_nodes.All(static n => n.IsGood) ? options.LookUpEvery : options.LookUpEvery / 10);

    private async Task LookUpAsync()
    {
        await Task.Yield();
        var found = new List<Uri>();
        var isWhole = true;
        foreach (var address in options.Addresses)
        {
            var addresses = IsName(address) ? await AddressesAsync(address.Host).ConfigureAwait(false) : null;
            isWhole &= addresses is not null || !IsName(address);
            if (addresses is null)
                found.Add(address);
            else
                found.AddRange(addresses.Select(a => new UriBuilder(address) { Host = a.ToString() }.Uri));
        }

        lock (_lock)
        {
            _lookedUpAt = time.GetTimestamp();
            // A name service that is gone takes nobody away.
            if (isWhole || _nodes.Length == 0)
                _nodes = [.. found.Distinct().Select(a => _nodes.FirstOrDefault(n => n.Address == a) ?? new ZoneNode(a, options, time))];
        }
    }

    private async Task<IPAddress[]?> AddressesAsync(string name)
    {
        try
        {
            var all = await options.LookUp(name).ConfigureAwait(false);
            IPAddress[] addresses = [.. all.Where(static a => !a.IsIPv6LinkLocal).Take(MaxAddressesOfAName)];
            return addresses.Length > 0 ? addresses : null;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return null;
        }
    }

    private static bool IsName(Uri address) => address.HostNameType == UriHostNameType.Dns;
}
