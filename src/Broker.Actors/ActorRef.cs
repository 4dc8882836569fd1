using System.Diagnostics.CodeAnalysis;

namespace Broker.Actors;

/// <summary>The address of one actor, valid for ever: through restarts, and (as the address of nobody) after its end.</summary>
/// <typeparam name="T">The actor's protocol: usually an abstract record with nested sealed ones.</typeparam>
/// <remarks>
/// Telling is giving: a message that implements <see cref="IDisposable"/> belongs to the kernel from the call on, whatever the
/// result, and is disposed exactly once, when its handler has ended or when it cannot be delivered.
/// </remarks>
public sealed class ActorRef<T> : IActorRef where T : notnull
{
    private readonly Cell<T> _cell;

    internal ActorRef(Cell<T> cell) => _cell = cell;

    /// <inheritdoc />
    public ActorPath Path => _cell.Path;

    /// <inheritdoc />
    public long Uid => _cell.Uid;

    /// <summary>
    /// Sends a message, at most once, in order per sender. What cannot be delivered becomes a dead letter and is disposed.
    /// </summary>
    public void Tell(T message) => TryTell(message);

    /// <summary>
    /// As <see cref="Tell"/>, and says at once what became of it. A refused message has already been disposed and published.
    /// </summary>
    public TellResult TryTell(T message)
    {
        if (message is null)
            ThrowNull();
        var result = _cell.Mailbox.Enqueue(message);
        if (result != TellResult.Accepted)
            _cell.System.DeadLetters.Undelivered(
                this, message, result == TellResult.Busy ? DeadLetterReason.MailboxFull : DeadLetterReason.Stopped);
        return result;
    }

    /// <summary>Sends a question and waits for its one answer.</summary>
    /// <typeparam name="TReply">The type of the answer; an answer that is <see cref="IDisposable"/> belongs to the caller, a late one is
    /// disposed by the kernel. Hand your token to this call; a wait put around its task would drop the answer without an owner.</typeparam>
    /// <param name="makeMessage">Makes the message around the address for the answer.</param>
    /// <param name="timeout">More than zero and finite.</param>
    /// <param name="cancellationToken">Gives the question up; the callee can see that.</param>
    /// <exception cref="AskTimeoutException">No answer in time (through the task, as the next two).</exception>
    /// <exception cref="ActorBusyException">The mailbox is full; nothing was sent.</exception>
    /// <exception cref="ActorStoppedException">The actor has ended, or its system did while it was asked.</exception>
    public Task<TReply> Ask<TReply>(Func<ReplyTo<TReply>, T> makeMessage, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(makeMessage);
        PendingAsk<TReply>.ThrowIfNotFinite(timeout);
        var pending = new PendingAsk<TReply>(_cell, timeout);
        T message;
        try
        {
            message = makeMessage(pending);
            if (message is null)
                ThrowNull();
        }
        catch
        {
            pending.GiveUp();
            throw;
        }
        pending.Start(cancellationToken);
        pending.Refused(TryTell(message));
        return pending.Task;
    }

    /// <inheritdoc />
    public void Stop() => _cell.RequestStop();

    /// <summary>Queues the end behind what has been sent: everything sent before is handled first.</summary>
    public void PoisonPill() => _cell.Mailbox.EnqueueSignal(PoisonPillSignal<T>.Instance);

    /// <summary>
    /// Queues a failure: the actor throws <see cref="ActorKilledException"/> and its supervisor decides (by default: stop).
    /// </summary>
    public void Kill() => _cell.Mailbox.EnqueueSignal(KillSignal<T>.Instance);

    /// <summary>The path and the uid.</summary>
    public override string ToString() => $"{Path}#{Uid}";

    Cell? IActorRef.Owner => _cell;

    void IActorRef.SendSystem(SystemMessage message) => _cell.SendSystem(message);

    [DoesNotReturn]
    private static void ThrowNull() => throw new ArgumentNullException(null, "a message cannot be null");
}
