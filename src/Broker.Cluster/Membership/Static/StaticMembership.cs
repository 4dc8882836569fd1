using System.Collections.Immutable;
using Broker.Protocol.Identifiers;

namespace Broker.Cluster;

/// <summary>
/// Membership of a fixed list: a peer takes part while it was seen to live in the last 15 seconds. Whoever probes the peers says what it
/// saw; nothing else is needed, and every view is current. Nodes that see different peers place customers differently for a while: the
/// zone's fence says who has one.
/// </summary>
public sealed class StaticMembership : IMembership
{
    /// <summary>How long a peer counts after it was seen last.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(15);

    private readonly IReadOnlyDictionary<Name, Uri> _peers;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly ViewBroadcast _broadcast = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<Name, (Member Member, long At)> _seen = [];
    private Member? _self;

    /// <summary>Begins with nobody.</summary>
    /// <param name="peers">The other nodes, with the base addresses of their peer listeners. Only these can take part.</param>
    /// <param name="time">Measures how long ago a peer was seen.</param>
    public StaticMembership(IReadOnlyDictionary<Name, Uri> peers, TimeProvider time)
    {
        _peers = peers;
        _time = time;
        _timer = time.CreateTimer(static m => ((StaticMembership)m!).Publish(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Publish();
    }

    /// <inheritdoc/>
    public ClusterView View
    {
        get
        {
            // The timer may be late where the process was stopped for a while.
            bool isOver;
            lock (_lock)
                isOver = _seen.Values.Any(s => IsOver(s.At));
            if (isOver)
                Publish();
            return _broadcast.View;
        }
    }

    /// <summary>
    /// A peer has shown that it lives, and which start of it. A newer sight replaces an older one, whichever start that was of. Somebody
    /// who is not in the list is passed over; the address is the list's.
    /// </summary>
    public void Saw(Member member)
    {
        if (!_peers.TryGetValue(member.Node, out var address))
            return;
        lock (_lock)
            _seen[member.Node] = (member with { Address = address }, _time.GetTimestamp());
        Publish();
    }

    /// <summary>A peer has said that it leaves, or was seen to be gone: it does not count from now on.</summary>
    /// <param name="node">The node.</param>
    /// <param name="incarnation">Which start of it; another one that was seen stays.</param>
    public void Gone(Name node, Digest incarnation)
    {
        lock (_lock)
        {
            if (_seen.TryGetValue(node, out var seen) && seen.Member.Incarnation == incarnation)
                _seen.Remove(node);
        }

        Publish();
    }

    /// <inheritdoc/>
    public Task JoinAsync(Member self, CancellationToken cancellationToken)
    {
        lock (_lock)
            _self = self;
        Publish();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            _self = null;
        Publish();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public IDisposable Watch(Action<ClusterView> changed) => _broadcast.Watch(changed);

    /// <summary>Stops counting.</summary>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private bool IsOver(long at) => _time.GetElapsedTime(at) >= Life;

    private void Publish() => _broadcast.Change(last =>
    {
        lock (_lock)
        {
            foreach (var (node, _) in _seen.Where(s => IsOver(s.Value.At)).ToList())
                _seen.Remove(node);
            if (_seen.Count > 0)
                _timer.Change(Life - _time.GetElapsedTime(_seen.Values.Min(static s => s.At)), Timeout.InfiniteTimeSpan);
            // This node needs nobody's sight of itself, though the list that all nodes share may name it.
            ImmutableArray<Member> members = [.. _seen.Values.Select(static s => s.Member)
                .Where(m => m.Node != _self?.Node).Concat(_self is { } self ? [self] : []).OrderBy(static m => m.Node)];
            return new ClusterView(last.Version, members, IsCurrent: true);
        }
    });
}
