namespace Broker.Actors;

/// <summary>Base of every actor: state that only one message at a time touches.</summary>
/// <typeparam name="T">Its protocol.</typeparam>
/// <remarks>
/// One object is one incarnation. Order: constructor, <see cref="PreStart"/>, messages, <see cref="PostStop"/>, <see cref="Dispose()"/>;
/// on a restart <see cref="PreRestart"/>, <see cref="Dispose()"/>, then the next incarnation's constructor and <see cref="PostRestart"/>.
/// Hooks and handlers are awaited to their end; meanwhile nothing else of this actor runs.
/// Allocate no secret in the constructor: when it throws, no hook runs at all.
/// </remarks>
public abstract class Actor<T> : IDisposable where T : notnull
{
    private bool _claimed;

    /// <summary>Runs only inside the factory that the actor was spawned with.</summary>
    /// <exception cref="InvalidOperationException">Constructed by anything but the kernel.</exception>
    protected Actor() => Context = Cell<T>.UnderConstruction
        ?? throw new InvalidOperationException("an actor is made by its Props' factory only: spawn it");

    /// <summary>The actor's own view of its system. Use it from this actor's handlers and hooks only.</summary>
    protected IActorContext<T> Context { get; }

    /// <summary>Decides what becomes of failed children. Default: <see cref="SupervisorStrategy.Default"/>.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Default;

    /// <summary>
    /// Handles one message. The message is disposed by the kernel when the returned task has ended, unless it was stashed or forwarded.
    /// </summary>
    protected abstract ValueTask Receive(T message);

    /// <summary>
    /// Before the first message of the first incarnation. A throw counts as a failed creation; the instance is then disposed, without <see
    /// cref="PostStop"/>.
    /// </summary>
    protected virtual ValueTask PreStart() => ValueTask.CompletedTask;

    /// <summary>After the last message and after the last child has gone. A throw is published, nothing more.</summary>
    protected virtual ValueTask PostStop() => ValueTask.CompletedTask;

    /// <summary>On the old incarnation, before a restart. Default: unwatch and stop every child, then <see cref="PostStop"/>.</summary>
    /// <param name="cause">What the handler threw.</param>
    /// <param name="message">The message that failed; null when there was none, or when it owned something and is therefore already
    /// disposed.</param>
    protected virtual ValueTask PreRestart(Exception cause, object? message)
    {
        foreach (var child in Context.Children)
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }
        return PostStop();
    }

    /// <summary>On the new incarnation, before its first message. Default: <see cref="PreStart"/>.</summary>
    protected virtual ValueTask PostRestart(Exception cause) => PreStart();

    /// <summary>A watched actor has ended.</summary>
    /// <returns>False when unhandled: the actor then fails with <see cref="DeathPactException"/>. The default.</returns>
    protected virtual bool OnTerminated(Terminated terminated) => false;

    /// <summary>The end of this incarnation: the place to wipe. The kernel calls it exactly once, before anyone hears of the end.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Wipes and releases what this incarnation owns.</summary>
    /// <param name="disposing">True, unless a subclass with a finalizer calls it from there.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    internal SupervisorStrategy Strategy => SupervisorStrategy;

    /// <summary>Once per object, for the cell that it was constructed for.</summary>
    internal bool Claim(IActorContext<T> context)
    {
        if (_claimed || !ReferenceEquals(Context, context))
            return false;
        return _claimed = true;
    }

    internal ValueTask RunReceive(T message) => Receive(message);

    internal ValueTask RunPreStart() => PreStart();

    internal ValueTask RunPostStop() => PostStop();

    internal ValueTask RunPreRestart(Exception cause, object? message) => PreRestart(cause, message);

    internal ValueTask RunPostRestart(Exception cause) => PostRestart(cause);

    internal bool RunOnTerminated(Terminated terminated) => OnTerminated(terminated);
}
