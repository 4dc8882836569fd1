namespace Broker.Actors;

/// <summary>Both ends of watching. A watched reference is here from Watch until its notice has been delivered or it is unwatched.</summary>
internal abstract partial class Cell
{
    private HashSet<IDeathListener>? _watchers;

    public bool HasWatchers => _watchers is not null;

    /// <summary>From any thread: an actor that this one watches has ended.</summary>
    void IDeathListener.OnDeath(IActorRef subject) => SendSystem(new DeathNoticeMessage(subject));

    private void AddWatcher(IDeathListener listener)
    {
        (_watchers ??= []).Add(listener);
    }

    private void RemoveWatcher(IDeathListener listener)
    {
        if (_watchers?.Remove(listener) == true && _watchers.Count == 0)
            _watchers = null;
    }

    private void NotifyWatchers()
    {
        foreach (var watcher in _watchers ?? [])
            watcher.OnDeath(Ref);
        _watchers = null;
    }

    protected abstract void HandleDeathNotice(IActorRef subject);

    protected abstract void UnwatchAll();
}
