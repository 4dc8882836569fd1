namespace Broker.Actors;

/// <summary>The watcher's side: what is watched, from Watch until the notice has been handled or withdrawn.</summary>
internal sealed partial class Cell<T>
{
    private Dictionary<IActorRef, WatchEntry<T>>? _watching;
    private WatchEntry<T>? _deliveringNotice;

    public void Watch(IActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (_watching?.TryGetValue(actor, out var entry) != true)
            StartWatching(new WatchEntry<T>(actor));
        else if (entry!.HasMessage)
            throw new InvalidOperationException($"{actor.Path} is being watched with a message; unwatch it first");
    }

    public void WatchWith(IActorRef actor, T message)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(message);
        if (_watching?.ContainsKey(actor) == true || ReferenceEquals(actor, Self))
        {
            Owned.Dispose(message, Path, System.Events);
            throw new InvalidOperationException($"{actor.Path} is being watched already; unwatch it first");
        }
        StartWatching(new WatchEntry<T>(actor, message));
    }

    public void Unwatch(IActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (_watching?.Remove(actor, out var entry) == true)
            Withdraw(entry);
    }

    /// <summary>A queued notice: delivered only if nobody has withdrawn it meanwhile.</summary>
    public ValueTask DeliverNotice(WatchEntry<T> entry)
    {
        if (_watching?.TryGetValue(entry.Subject, out var found) != true || !ReferenceEquals(found, entry))
            return ValueTask.CompletedTask;
        _watching.Remove(entry.Subject);
        if (entry.HasMessage)
            return ReceiveMessage(entry.TakeMessage());
        _deliveringNotice = entry;
        try
        {
            if (!_actor!.RunOnTerminated(new Terminated(entry.Subject)))
                throw new DeathPactException(Path, entry.Subject.Path);
        }
        finally
        {
            _deliveringNotice = null;
        }
        NoteActivity();
        return ValueTask.CompletedTask;
    }

    protected override void HandleDeathNotice(IActorRef subject)
    {
        if (_watching?.TryGetValue(subject, out var entry) != true || entry!.IsQueued)
            return;
        entry.IsQueued = true;
        Mailbox.EnqueueSignal(entry);
    }

    protected override void UnwatchAll()
    {
        if (_watching is not { } watching)
            return;
        _watching = null;
        foreach (var entry in watching.Values)
            Withdraw(entry);
    }

    private void StartWatching(WatchEntry<T> entry)
    {
        if (ReferenceEquals(entry.Subject, Self))
            return;
        (_watching ??= new(ReferenceEqualityComparer.Instance)).Add(entry.Subject, entry);
        entry.Subject.SendSystem(new WatchMessage(this));
    }

    private void Withdraw(WatchEntry<T> entry)
    {
        if (!entry.IsQueued)
            entry.Subject.SendSystem(new UnwatchMessage(this));
        if (entry.HasMessage)
            Owned.Dispose(entry.TakeMessage(), Path, System.Events);
    }
}

/// <summary>One watched actor; once it has ended, the notice in the mailbox.</summary>
internal sealed class WatchEntry<T>(IActorRef subject) : Signal<T> where T : notnull
{
    private T? _message;

    public WatchEntry(IActorRef subject, T message) : this(subject)
    {
        _message = message;
        HasMessage = true;
    }

    public IActorRef Subject => subject;

    /// <summary>Comes instead of the notice; owned by the kernel until it is taken.</summary>
    public bool HasMessage { get; private set; }

    public bool IsQueued { get; set; }

    public T TakeMessage()
    {
        var message = _message!;
        _message = default;
        HasMessage = false;
        return message;
    }

    public override ValueTask Deliver(Cell<T> cell) => cell.DeliverNotice(this);
}
