namespace Broker.Actors;

/// <summary>The half of a cell that knows the message type: instance, mailbox, and what the actor sees as its context.</summary>
internal sealed partial class Cell<T> : Cell, IActorContext<T> where T : notnull
{
    private readonly Props<T> _props;
    private Actor<T>? _actor;

    public Cell(ActorSystem system, Cell? parent, string name, Props<T> props) : base(system, parent, name)
    {
        _props = props;
        Self = new ActorRef<T>(this);
        Mailbox = new Mailbox<T>(this, props.MailboxCapacity);
        system.OnStarted(this);
    }

    [ThreadStatic]
    private static Cell<T>? _underConstruction;

    /// <summary>The cell whose factory runs on this thread; read by the constructor of <see cref="Actor{T}"/>.</summary>
    public static Cell<T>? UnderConstruction => _underConstruction;

    public ActorRef<T> Self { get; }

    public Mailbox<T> Mailbox { get; }

    public override IActorRef Ref => Self;

    public TimeProvider Time => System.Time;

    public RandomSource Random => System.Random;

    protected override bool HasInstance => _actor is not null;

    protected override SupervisorStrategy? Strategy => _actor?.Strategy;

    public ActorRef<TChild> Spawn<TChild>(Props<TChild> props, string name) where TChild : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        return SpawnChild(props, name).Self;
    }

    public ActorRef<TChild> Spawn<TChild>(Props<TChild> props) where TChild : notnull => SpawnChild(props, null).Self;

    public void Stop(IActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (actor.Owner is { } cell)
            StopChild(cell);
        else
            actor.Stop();
    }

    public void StopSelf() => RequestStop();

    public Task<bool> StopAsync(IActorRef actor, TimeSpan timeout) => StopWaiter.StopAsync(System, this, actor, timeout);

    public void Unhandled(T message) => System.Events.Publish(new UnhandledMessage(Path, TypeName.Of(message)));

    protected override bool TryEnqueueSystem(SystemMessage message) => Mailbox.EnqueueSystem(message);

    protected override void MakeInstance()
    {
        var outer = _underConstruction;
        _underConstruction = this;
        try
        {
            var actor = _props.Factory() ?? throw new InvalidOperationException("the factory returned null");
            if (!actor.Claim(this))
                throw new InvalidOperationException("the factory must make a new actor each time");
            _actor = actor;
        }
        finally
        {
            _underConstruction = outer;
        }
    }

    protected override void DisposeInstance()
    {
        if (_actor is not { } actor)
            return;
        _actor = null;
        try
        {
            actor.Dispose();
        }
#pragma warning disable CA1031 // Restart or termination goes on; the event says that something may not be wiped.
        catch (Exception e)
#pragma warning restore CA1031
        {
            System.Events.Publish(new ActorFailed(Path, FailurePoint.Dispose, TypeName.Of(e), null));
        }
    }

    protected override ValueTask PreStart() => _actor!.RunPreStart();

    protected override ValueTask PostStop() => _actor!.RunPostStop();

    protected override ValueTask PreRestart(Exception cause, object? message) => _actor!.RunPreRestart(cause, message);

    protected override ValueTask PostRestart(Exception cause) => _actor!.RunPostRestart(cause);

    protected override void CloseMailbox()
    {
        var rest = Mailbox.Close();
        while (Mailbox.TryTakeUser(out var slot))
            Drop(slot, DeadLetterReason.Stopped);
        AnswerRest(rest);
    }

    private void Drop(in Slot<T> slot, DeadLetterReason reason)
    {
        if (slot.Signal is { } signal)
            signal.Drop(this);
        else
            System.DeadLetters.Undelivered(Self, slot.Message, reason);
    }
}
