namespace Broker.Actors;

/// <summary>Where an actor is in its life. "No instance" states handle no user message.</summary>
internal enum CellState : byte
{
    /// <summary>No instance yet, or its creation failed.</summary>
    NotCreated,

    /// <summary>There is an instance, and it handles messages unless suspended.</summary>
    Running,

    /// <summary>The old instance is gone; the new one waits for stopped children to end.</summary>
    Restarting,

    /// <summary>A failed creation is to be repeated when all children have ended.</summary>
    Recreating,

    /// <summary>Waits for its children to end.</summary>
    Stopping,

    /// <summary>For ever.</summary>
    Stopped,
}

/// <summary>
/// What stays the same through an actor's restarts: its place in the tree, its mailbox, its state of failure. This half does not know the
/// message type. All of it is touched on the actor's own turn only, except what says otherwise.
/// </summary>
internal abstract partial class Cell : IDeathListener
{
    private ActorPath? _path;
    private RestartAccount? _restarts;

    private protected Cell(ActorSystem system, Cell? parent, string name)
    {
        System = system;
        Parent = parent;
        Name = name;
        Uid = system.NextUid();
        _suspendedByParent = parent is { IsSuspended: true };
    }

    public ActorSystem System { get; }

    public Cell? Parent { get; }

    public string Name { get; }

    public long Uid { get; }

    public ActorPath Path => _path ??= new ActorPath(Parent?.Path, Name);

    public CellState State { get; private set; }

    /// <summary>Counts the instances made so far.</summary>
    public int Incarnation { get; private set; }

    /// <summary>The supervisor's account of this actor's restarts; touched on the supervisor's turn only.</summary>
    public RestartAccount Restarts => _restarts ??= new RestartAccount();

    public bool MayReceive => State == CellState.Running && !IsSuspended;

    public abstract IActorRef Ref { get; }

    protected abstract bool HasInstance { get; }

    /// <summary>From any thread. To an ended cell: a watch is answered, the rest has no meaning any more.</summary>
    public void SendSystem(SystemMessage message)
    {
        if (!TryEnqueueSystem(message))
            AnswerAfterEnd(message);
    }

    /// <summary>From any thread.</summary>
    public void RequestStop()
    {
        Volatile.Write(ref _stopRequested, true);
        // First the message, then the token: a handler that gives up on the token must find the stop behind it.
        SendSystem(new TerminateMessage());
        CancelStopping();
    }

    /// <summary>Never throws: what handling throws is itself a failure, and what that throws stops the actor.</summary>
    public async ValueTask HandleSystem(SystemMessage message)
    {
        try
        {
            await Dispatch(message);
        }
#pragma warning disable CA1031 // The last resort: rather stopped than suspended for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            EmergencyStop(e);
        }
    }

    private ValueTask Dispatch(SystemMessage message)
    {
        switch (message)
        {
            case CreateMessage:
                return Create();
            case TerminateMessage:
                return Terminate();
            case RecreateMessage recreate:
                return Recreate(recreate);
            case ResumeMessage resume:
                return Resume(resume);
            case ChildTerminatedMessage terminated:
                return HandleChildTerminated(terminated.Child);
            case ChildFailedMessage failed:
                HandleChildFailed(failed);
                break;
            case ParentSuspendedMessage suspended:
                SetSuspension(suspendedByParent: suspended.Suspended);
                break;
            case HoldMessage:
                SetSuspension(held: true);
                break;
            case WatchMessage watch:
                AddWatcher(watch.Listener);
                break;
            case UnwatchMessage unwatch:
                RemoveWatcher(unwatch.Listener);
                break;
            case DeathNoticeMessage notice:
                HandleDeathNotice(notice.Subject);
                break;
        }
        return ValueTask.CompletedTask;
    }

    private void AnswerAfterEnd(SystemMessage message)
    {
        if (message is WatchMessage watch)
            watch.Listener.OnDeath(Ref);
    }

    protected abstract bool TryEnqueueSystem(SystemMessage message);

    /// <summary>Runs the factory.</summary>
    protected abstract void MakeInstance();

    protected abstract ValueTask PreStart();

    protected abstract ValueTask PostStop();

    protected abstract ValueTask PreRestart(Exception cause, object? message);

    protected abstract ValueTask PostRestart(Exception cause);

    protected abstract SupervisorStrategy? Strategy { get; }

    /// <summary>Wipes the instance and forgets it; does nothing when there is none.</summary>
    protected abstract void DisposeInstance();

    /// <summary>Cancels timers and the receive timeout.</summary>
    protected abstract void CancelTimers();

    /// <summary>Puts the stash back into the mailbox.</summary>
    protected abstract void ReturnStash();

    /// <summary>Closes the mailbox and turns what is in it into dead letters.</summary>
    protected abstract void CloseMailbox();

    /// <summary>Name of the type of the message in hand. From any thread, then as good as it gets.</summary>
    public abstract string? CurrentMessageType { get; }

    private void Publish(FailurePoint where, Exception cause) =>
        System.Events.Publish(new ActorFailed(Path, where, TypeName.Of(cause), CurrentMessageType));

    /// <summary>Awaits a hook under the watchdog and goes on on the dispatcher.</summary>
    protected async ValueTask RunHook(ValueTask hook)
    {
        if (hook.IsCompleted)
        {
            await hook;
            return;
        }
        using var watched = HandlerWatch.Start(this, null);
        await new Hop(hook, System.Dispatcher);
        Turn.Enter(this);
    }
}
