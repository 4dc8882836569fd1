namespace Broker.Actors;

/// <summary>How to make an actor, again and again: its factory and its bounds. Immutable.</summary>
/// <typeparam name="T">The actor's protocol.</typeparam>
public sealed record Props<T> where T : notnull
{
    private Props(Func<Actor<T>> factory) => Factory = factory;

    internal Func<Actor<T>> Factory { get; }

    /// <summary>How many messages may wait in the mailbox; <see cref="int.MaxValue"/> when unbounded.</summary>
    public int MailboxCapacity { get; private init; } = int.MaxValue;

    /// <summary>How many messages may be stashed. Default 1000.</summary>
    public int StashCapacity { get; private init; } = 1000;

    /// <summary>
    /// Props around a factory. It runs on the actor's own turn, once per incarnation, and must return a new object each time.
    /// </summary>
#pragma warning disable CA1000 // Props<TMessage>.Of names the protocol, which a factory's type alone would hide.
    public static Props<T> Of(Func<Actor<T>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props<T>(factory);
    }
#pragma warning restore CA1000

    /// <summary>Bounds the mailbox: beyond it a tell is answered busy at once. For every mailbox that a network can fill.</summary>
    /// <param name="capacity">At least 1. Timers, notices and piped results are not counted: the actor's own doing bounds them.</param>
    public Props<T> WithMailbox(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return this with { MailboxCapacity = capacity };
    }

    /// <summary>Bounds the stash.</summary>
    /// <param name="capacity">0 or more.</param>
    public Props<T> WithStash(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        return this with { StashCapacity = capacity };
    }
}
