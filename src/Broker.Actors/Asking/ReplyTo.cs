namespace Broker.Actors;

/// <summary>
/// The address for one answer. The first answer counts; a later one, or one that comes when nobody waits any more, is a dead letter and
/// is disposed when it owns something. It can be watched: it ends with the answer, the timeout, or when the asker gives up.
/// </summary>
/// <typeparam name="TReply">The type of the answer.</typeparam>
public abstract class ReplyTo<TReply> : IActorRef
{
    private protected ReplyTo()
    {
    }

    /// <summary>Path of the asked actor, with the number of the ask: <c>/user/it/$ask-17</c>.</summary>
    public abstract ActorPath Path { get; }

    /// <inheritdoc />
    public abstract long Uid { get; }

    /// <summary>How long the asker still waits; zero when it does not.</summary>
    public abstract TimeSpan Remaining { get; }

    /// <summary>When the asker stops waiting, by the system's clock; for passing on to where <see cref="Remaining"/> cannot go.</summary>
    public abstract DateTimeOffset Deadline { get; }

    /// <summary>True when an answer would come too late. Look before doing expensive or irreversible work.</summary>
    public abstract bool IsExpired { get; }

    /// <summary>Cancelled when the asker has given up: by timeout, by its own token, by the end of its system. Not by the answer.</summary>
    public abstract CancellationToken Cancelled { get; }

    Cell? IActorRef.Owner => null;

    /// <summary>Answers. Gives the answer away: the kernel or the asker owns it from here on.</summary>
    public abstract void Tell(TReply reply);

    /// <summary>Gives the question up on the asker's behalf; its task is cancelled.</summary>
    void IActorRef.Stop() => GiveUp();

    void IActorRef.SendSystem(SystemMessage message) => SendSystem(message);

    internal abstract void GiveUp();

    private protected abstract void SendSystem(SystemMessage message);
}
