namespace Broker.Actors;

/// <summary>What an actor may do, from its own handlers and hooks.</summary>
/// <typeparam name="T">The actor's protocol.</typeparam>
public interface IActorContext<T> where T : notnull
{
    /// <summary>The actor's own address.</summary>
    ActorRef<T> Self { get; }

    /// <summary>Where it stands.</summary>
    ActorPath Path { get; }

    /// <summary>The system it lives in.</summary>
    ActorSystem System { get; }

    /// <summary>The only clock.</summary>
    TimeProvider Time { get; }

    /// <summary>The only source of randomness.</summary>
    RandomSource Random { get; }

    /// <summary>Cancelled as soon as a stop is asked for, even while a handler runs, and when this incarnation is replaced.</summary>
    CancellationToken Stopping { get; }

    /// <summary>The children that have not ended yet, in no order; a snapshot.</summary>
    IReadOnlyList<IActorRef> Children { get; }

    /// <summary>Makes a child. The reference works at once; constructor and PreStart run on the child's own turn.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="name">Unique among the living children, see <see cref="ActorPath.ThrowIfNotAName"/>.</param>
    /// <exception cref="ActorNameInUseException">A child of that name has not ended yet.</exception>
    /// <exception cref="InvalidOperationException">This actor is ending.</exception>
    ActorRef<TChild> Spawn<TChild>(Props<TChild> props, string name) where TChild : notnull;

    /// <summary>As <see cref="Spawn{TChild}(Props{TChild}, string)"/> with a generated name.</summary>
    ActorRef<TChild> Spawn<TChild>(Props<TChild> props) where TChild : notnull;

    /// <summary>Stops an actor, usually a child; a restart of this actor waits for children stopped so.</summary>
    void Stop(IActorRef actor);

    /// <summary>Stops this actor after the message in hand.</summary>
    void StopSelf();

    /// <summary>Stops another actor and waits for its end.</summary>
    /// <returns>False when it had not ended in time.</returns>
    /// <exception cref="InvalidOperationException">The target is this actor or one above it: waiting for that would never end.</exception>
    Task<bool> StopAsync(IActorRef actor, TimeSpan timeout);

    /// <summary>
    /// Asks for one <see cref="Terminated"/> when the actor has ended (at once when it already has). Watching twice is watching once.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is being watched with a message.</exception>
    void Watch(IActorRef actor);

    /// <summary>As <see cref="Watch"/>, but this message comes instead.</summary>
    /// <exception cref="InvalidOperationException">It is being watched already, without or with another message; the new one is
    /// disposed.</exception>
    void WatchWith(IActorRef actor, T message);

    /// <summary>Ends watching, even when the notice is already queued.</summary>
    void Unwatch(IActorRef actor);

    /// <summary>Sends the message to this actor after the delay. The same key replaces; gone on stop and restart.</summary>
    void StartTimer(object key, T message, TimeSpan delay);

    /// <summary>Sends the message again and again; one that is still queued is not queued twice.</summary>
    /// <exception cref="ArgumentException">The message is disposable, so it could be delivered only once; it has been disposed.</exception>
    void StartPeriodicTimer(object key, T message, TimeSpan period);

    /// <summary>Cancels a timer; a tick that is already queued is not delivered. Unknown keys are ignored.</summary>
    void CancelTimer(object key);

    /// <summary>True from the start of a timer until its (last) tick is delivered or it is cancelled.</summary>
    bool IsTimerActive(object key);

    /// <summary>
    /// Delivers the message whenever nothing has been handled for so long (see <see cref="INotInfluenceReceiveTimeout"/>), again and again;
    /// null turns it off. Gone on stop and restart.
    /// </summary>
    /// <exception cref="ArgumentException">The message is disposable, so it could be delivered only once; it has been disposed.</exception>
    void SetReceiveTimeout(TimeSpan? timeout, T message);

    /// <summary>Turns the receive timeout off.</summary>
    void CancelReceiveTimeout();

    /// <summary>Publishes that this actor does not know what to do with a message.</summary>
    void Unhandled(T message);

    /// <summary>
    /// Turns the end of a task into a message to this incarnation, without blocking the mailbox meanwhile. The mappings run on this
    /// actor's turn. A result that comes after this incarnation's end is disposed when it is disposable, and published as a dead letter.
    /// </summary>
    /// <param name="task">The work; pass it <see cref="Stopping"/>.</param>
    /// <param name="success">Takes the result over into a message.</param>
    /// <param name="failure">Makes the message for a fault or a cancellation.</param>
    void PipeToSelf<TResult>(Task<TResult> task, Func<TResult, T> success, Func<Exception, T> failure);

    /// <summary>As the other, for work without a result.</summary>
    void PipeToSelf(Task task, Func<T> success, Func<Exception, T> failure);

    /// <summary>Sets the message in hand aside; it stays owned by the kernel.</summary>
    /// <exception cref="InvalidOperationException">It is not the message in hand, or it has been stashed or forwarded already.</exception>
    /// <exception cref="StashOverflowException">The stash is full; see <see cref="Props{T}.WithStash"/>.</exception>
    void Stash(T message);

    /// <summary>Sets a notice of termination aside; it is delivered again.</summary>
    /// <exception cref="StashOverflowException">The stash is full.</exception>
    void Stash(Terminated terminated);

    /// <summary>Puts everything stashed before the rest of the mailbox, in the order in which it came.</summary>
    void UnstashAll();

    /// <summary>Drops and disposes everything stashed.</summary>
    void ClearStash();

    /// <summary>Passes the message in hand on, with the ownership of what it carries; it is not disposed when this handler ends.</summary>
    /// <exception cref="InvalidOperationException">It is not the message in hand, or it has been stashed or forwarded already.</exception>
    void Forward<TOther>(ActorRef<TOther> target, TOther message) where TOther : notnull;
}
