namespace Broker.Actors;

/// <summary>
/// The end of a question: once, by whoever comes first, whatever was registered before it or is being registered beside it.
/// </summary>
internal sealed partial class PendingAsk<TReply>
{
    private const int Open = 0;
    private const int Answered = 1;
    private const int GivenUp = 2;

    private bool IsOver => Volatile.Read(ref _stage) != Open;

    /// <summary>
    /// Made when first needed, and then for ever. Who registers something in it looks at the stage after; who ends the question sets the
    /// stage and looks for extras after: both with full fences, so one of the two sees the other.
    /// </summary>
    private AskExtras Extras
    {
        get
        {
            if (Volatile.Read(ref _extras) is { } extras)
                return extras;
            var made = new AskExtras();
            return Interlocked.CompareExchange(ref _extras, made, null) ?? made;
        }
    }

    /// <summary>True for one caller only, who then completes the task.</summary>
    private bool TryEnd(int stage)
    {
        if (Interlocked.CompareExchange(ref _stage, stage, Open) != Open)
            return false;
        asked.System.Timers.Cancel(this);
        if (Volatile.Read(ref _extras) is { } extras)
            Release(extras, stage);
        return true;
    }

    private void Release(AskExtras extras, int stage)
    {
        CancellationTokenSource? cancelled;
        CancellationTokenRegistration registration;
        HashSet<IDeathListener>? watchers;
        lock (extras)
        {
            cancelled = stage == GivenUp ? extras.Cancelled : null;
            registration = extras.Registration;
            (watchers, extras.Watchers) = (extras.Watchers, null);
        }
        registration.Unregister();
        if (cancelled is not null)
            asked.System.Dispatcher.Schedule(new CancelItem(cancelled));
        foreach (var watcher in watchers ?? [])
            watcher.OnDeath(this);
    }

    private protected override void SendSystem(SystemMessage message)
    {
        var extras = Extras;
        switch (message)
        {
            case WatchMessage watch:
                lock (extras)
                {
                    if (!IsOver)
                    {
                        (extras.Watchers ??= []).Add(watch.Listener);
                        return;
                    }
                }
                watch.Listener.OnDeath(this);
                break;
            case UnwatchMessage unwatch:
                lock (extras)
                    extras.Watchers?.Remove(unwatch.Listener);
                break;
        }
    }
}
