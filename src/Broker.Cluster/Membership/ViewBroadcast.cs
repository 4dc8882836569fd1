namespace Broker.Cluster;

/// <summary>
/// Holds the newest view and tells watchers of it. Each watcher is called by one thread at a time, in order; what is overtaken while it is
/// busy is left out. A watcher is called by the thread that changes the view.
/// </summary>
internal sealed class ViewBroadcast
{
    private readonly Lock _lock = new();
    private readonly List<Watcher> _watchers = [];
    private ClusterView _view = ClusterView.Empty;

    public ClusterView View
    {
        get
        {
            lock (_lock)
                return _view;
        }
    }

    /// <summary>Makes the next view of the last one; null or an equal one is no change.</summary>
    /// <param name="next">Called under the lock; what it gives gets its version here.</param>
    public void Change(Func<ClusterView, ClusterView?> next)
    {
        Watcher[] watchers;
        lock (_lock)
        {
            if (next(_view) is not { } view || (view.IsCurrent == _view.IsCurrent && view.Members.SequenceEqual(_view.Members)))
                return;
            _view = view with { Version = _view.Version + 1 };
            watchers = [.. _watchers];
        }

        foreach (var watcher in watchers)
            watcher.Tell();
    }

    public IDisposable Watch(Action<ClusterView> changed)
    {
        var watcher = new Watcher(this, changed);
        lock (_lock)
            _watchers.Add(watcher);
        watcher.Tell();
        return watcher;
    }

    private sealed class Watcher(ViewBroadcast owner, Action<ClusterView> changed) : IDisposable
    {
        private int _calls;
        private volatile bool _isEnded;
        private ulong? _told;

        // Whoever finds nobody telling tells; whoever comes meanwhile leaves a mark, and the teller looks again.
        public void Tell()
        {
            if (Interlocked.Increment(ref _calls) > 1)
                return;
            for (var seen = 1; ; seen = Volatile.Read(ref _calls))
            {
                if (owner.View is var view && view.Version != _told && !_isEnded)
                {
                    _told = view.Version;
                    changed(view);
                }

                if (Interlocked.CompareExchange(ref _calls, 0, seen) == seen)
                    return;
            }
        }

        public void Dispose()
        {
            _isEnded = true;
            lock (owner._lock)
                owner._watchers.Remove(this);
        }
    }
}
