namespace Broker.Actors;

/// <summary>A control message: queued apart from user messages, so it never waits behind them. One object is queued once.</summary>
internal abstract class SystemMessage
{
    public SystemMessage? Next { get; set; }
}

/// <summary>Make the first incarnation. Always the first message of a cell.</summary>
internal sealed class CreateMessage : SystemMessage;

/// <summary>Stop after the message in hand.</summary>
internal sealed class TerminateMessage : SystemMessage;

/// <summary>Replace the incarnation.</summary>
/// <param name="cause">The failure that led to it.</param>
/// <param name="incarnation">The incarnation that failed; null: whichever there is.</param>
internal sealed class RecreateMessage(Exception cause, int? incarnation) : SystemMessage
{
    public Exception Cause => cause;

    public int? Incarnation => incarnation;
}

/// <summary>Go on with the state as it is, after the failure of that incarnation (null: of whichever there is).</summary>
internal sealed class ResumeMessage(int? incarnation) : SystemMessage
{
    public int? Incarnation => incarnation;
}

/// <summary>The parent's own suspension has begun or ended.</summary>
internal sealed class ParentSuspendedMessage(bool suspended) : SystemMessage
{
    public bool Suspended => suspended;
}

/// <summary>Handle no user message until the restart that follows: sent to the siblings of a failed child.</summary>
internal sealed class HoldMessage : SystemMessage;

/// <summary>To the supervisor.</summary>
internal sealed class ChildFailedMessage(Cell child, Exception cause, int incarnation) : SystemMessage
{
    public Cell Child => child;

    public Exception Cause => cause;

    public int Incarnation => incarnation;
}

/// <summary>To the parent, when a child has ended.</summary>
internal sealed class ChildTerminatedMessage(Cell child) : SystemMessage
{
    public Cell Child => child;
}

/// <summary>Tell the listener when you have ended.</summary>
internal sealed class WatchMessage(IDeathListener listener) : SystemMessage
{
    public IDeathListener Listener => listener;
}

/// <summary>Forget the listener.</summary>
internal sealed class UnwatchMessage(IDeathListener listener) : SystemMessage
{
    public IDeathListener Listener => listener;
}

/// <summary>To a watcher: that one has ended.</summary>
internal sealed class DeathNoticeMessage(IActorRef subject) : SystemMessage
{
    public IActorRef Subject => subject;
}

/// <summary>Whoever can watch: a cell, or a waiter outside of the tree.</summary>
internal interface IDeathListener
{
    void OnDeath(IActorRef subject);
}
