namespace Broker.Actors;

/// <summary>One place in a mailbox: a plain message, or a signal that says itself how it is delivered.</summary>
internal readonly record struct Slot<T>(T? Message, Signal<T>? Signal) where T : notnull;

/// <summary>What travels in the user queue without being a plain message: notices, ticks, piped results, pills.</summary>
internal abstract class Signal<T> where T : notnull
{
    /// <summary>On the actor's turn. May call <see cref="Cell{T}.ReceiveMessage"/> once.</summary>
    public abstract ValueTask Deliver(Cell<T> cell);

    /// <summary>It will not be delivered: dispose what it owns. Default: nothing.</summary>
    public virtual void Drop(Cell<T> cell)
    {
    }
}

/// <summary>Stop, in the order of the queue.</summary>
internal sealed class PoisonPillSignal<T> : Signal<T> where T : notnull
{
    public static readonly PoisonPillSignal<T> Instance = new();

    public override ValueTask Deliver(Cell<T> cell)
    {
        cell.RequestStop();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Fail, in the order of the queue.</summary>
internal sealed class KillSignal<T> : Signal<T> where T : notnull
{
    public static readonly KillSignal<T> Instance = new();

    public override ValueTask Deliver(Cell<T> cell) => throw new ActorKilledException(cell.Path);
}
