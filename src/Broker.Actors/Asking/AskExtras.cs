namespace Broker.Actors;

/// <summary>What few questions have: a token on either side, watchers, a name. Touched under its own lock, but for the uid.</summary>
#pragma warning disable CA1001 // A source without timer and parents has nothing to dispose; the callee's registrations end with it.
internal sealed class AskExtras
#pragma warning restore CA1001
{
    private long _uid;

    /// <summary>Of the asker's token.</summary>
    public CancellationTokenRegistration Registration { get; set; }

    /// <summary>Behind the callee's token.</summary>
    public CancellationTokenSource? Cancelled { get; set; }

    public HashSet<IDeathListener>? Watchers { get; set; }

    public ActorPath? Path { get; set; }

    /// <summary>From any thread: the same for ever.</summary>
    public long UidIn(ActorSystem system)
    {
        if (Interlocked.Read(ref _uid) == 0)
            Interlocked.CompareExchange(ref _uid, system.NextUid(), 0);
        return Interlocked.Read(ref _uid);
    }
}
