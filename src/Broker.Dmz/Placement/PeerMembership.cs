using System.Collections.Immutable;
using Broker.Cluster;
using Broker.Dmz.Node;

namespace Broker.Dmz.Placement;

/// <summary>
/// Membership without a service of its own: the peers of the configuration that have proved a moment ago that they live. Each node has its
/// own view, and that they differ for a while costs a claim that is refused, no more.
/// </summary>
internal sealed class PeerMembership(DmzContext node) : IMembership
{
    private readonly Lock _lock = new();
    private readonly List<Action<ClusterView>> _watching = [];
    private ClusterView _view = ClusterView.Empty;
    private Member? _self;

    public ClusterView View
    {
        get
        {
            lock (_lock)
            {
                return _view;
            }
        }
    }

    public Task JoinAsync(Member self, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _self = self;
        }

        return Task.CompletedTask;
    }

    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _self = null;
        }

        Refresh();
        return Task.CompletedTask;
    }

    public IDisposable Watch(Action<ClusterView> changed)
    {
        lock (_lock)
        {
            _watching.Add(changed);
            changed(_view);
        }

        return new Watching(this, changed);
    }

    /// <summary>The peers were asked: what they proved is the view.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            var members = (_self is { } self ? ImmutableArray.Create(self) : [])
                .AddRange(node.Peers.Others.Select(p => node.Peers.Live.Of(p.Node) is { } lives &&
                    !node.Peers.Pulses.IsSilent(p.Node) && !node.Peers.IsLeaving(p.Node, lives)
                    ? new Member(p.Node, p.Address, lives, "")
                    : null).OfType<Member>())
                .Sort(static (a, b) => string.CompareOrdinal(a.Node.Value, b.Node.Value));
            if (_view.IsCurrent && members.SequenceEqual(_view.Members))
            {
                return;
            }

            _view = new ClusterView(_view.Version + 1, members, IsCurrent: true);
            foreach (var watching in _watching)
            {
                watching(_view);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _watching.Clear();
        }

        return ValueTask.CompletedTask;
    }

    private sealed class Watching(PeerMembership membership, Action<ClusterView> changed) : IDisposable
    {
        public void Dispose()
        {
            lock (membership._lock)
            {
                membership._watching.Remove(changed);
            }
        }
    }
}
