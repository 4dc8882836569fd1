namespace Broker.Actors;

/// <summary>What a system tells about itself. Names of types, paths and counters only: never what a message or an exception says.</summary>
/// <param name="Path">The actor that it is about.</param>
public abstract record ActorEvent(ActorPath Path) : ISuppressDeadLetter;

/// <summary>Why a message was not delivered.</summary>
public enum DeadLetterReason
{
    /// <summary>The actor had ended, or ended before the message's turn came.</summary>
    Stopped,

    /// <summary>The bounded mailbox was full.</summary>
    MailboxFull,

    /// <summary>The ask had been answered, had timed out or had been given up.</summary>
    AskOver,

    /// <summary>A result piped by an incarnation that no longer is.</summary>
    OldIncarnation,
}

/// <summary>A message was not delivered, and was disposed when it owned something.</summary>
/// <param name="Path">Whom it was for.</param>
/// <param name="Sender">Who sent it, when an actor did and that is known.</param>
/// <param name="MessageType">Name of its type.</param>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many dead letters the system has had so far.</param>
/// <param name="Unpublished">How many before this one were counted but not published, because there were too many in one second.</param>
public sealed record DeadLetter(ActorPath Path, ActorPath? Sender, string MessageType, DeadLetterReason Reason, long Count,
    long Unpublished) : ActorEvent(Path);

/// <summary>An actor did not know what to do with a message.</summary>
/// <param name="Path">The actor.</param>
/// <param name="MessageType">Name of the message's type.</param>
public sealed record UnhandledMessage(ActorPath Path, string MessageType) : ActorEvent(Path);

/// <summary>A handler or a hook threw.</summary>
/// <param name="Path">The actor.</param>
/// <param name="Where">In what.</param>
/// <param name="ExceptionType">Name of the exception's type.</param>
/// <param name="MessageType">Name of the type of the message in hand, if there was one.</param>
public sealed record ActorFailed(ActorPath Path, FailurePoint Where, string ExceptionType, string? MessageType) : ActorEvent(Path);

/// <summary>What threw.</summary>
public enum FailurePoint
{
    /// <summary>The handler of a message or notice, or a child that escalated.</summary>
    Receive,

    /// <summary>Constructor or PreStart.</summary>
    Creation,

    /// <summary>PreRestart; the restart goes on.</summary>
    PreRestart,

    /// <summary>Constructor or PostRestart of the next incarnation.</summary>
    PostRestart,

    /// <summary>PostStop; the termination goes on.</summary>
    PostStop,

    /// <summary>Dispose of the incarnation. What it should have wiped may not be wiped.</summary>
    Dispose,

    /// <summary>Dispose of a message. What it should have wiped may not be wiped.</summary>
    MessageDispose,

    /// <summary>The handling of a failure; the actor is stopped at once.</summary>
    FailureHandling,
}

/// <summary>A new incarnation has taken over after a failure.</summary>
/// <param name="Path">The actor.</param>
public sealed record ActorRestarted(ActorPath Path) : ActorEvent(Path);

/// <summary>
/// A handler or hook awaits, or blocks its thread, longer than its budget. It is not interrupted; the event comes again with each further
/// budget.
/// </summary>
/// <param name="Path">The actor.</param>
/// <param name="MessageType">Name of the type of the message in hand; null for a hook.</param>
/// <param name="Budget">The budget.</param>
public sealed record SlowHandler(ActorPath Path, string? MessageType, TimeSpan Budget) : ActorEvent(Path);
