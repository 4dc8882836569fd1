namespace Broker.Actors;

/// <summary>What a system runs on. Immutable.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>The clock and the timers. Default: the machine's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The randomness. Default: the machine's.</summary>
    public RandomSource Random { get; init; } = RandomSource.System;

    /// <summary>Where turns run. Default: the shared thread pool.</summary>
    public Dispatcher Dispatcher { get; init; } = Dispatcher.ThreadPool;

    /// <summary>How many messages an actor handles before it lets others run; at least 1. Default 64.</summary>
    public int Throughput { get; init; } = 64;

    /// <summary>How long a handler or hook may take before <see cref="SlowHandler"/> is published; more than zero. Default 10 s.</summary>
    public TimeSpan HandlerBudget { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many dead letters are published in one second; the rest is counted. 0 or more. Default 100.</summary>
    public int DeadLettersPerSecond { get; init; } = 100;

    /// <summary>How long <see cref="ActorSystem.DisposeAsync"/> waits for the end; more than zero. Default 10 s.</summary>
    public TimeSpan DisposeDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Supervises the top-level actors. When it escalates, the system terminates. Default: <see cref="SupervisorStrategy.Default"/>.
    /// </summary>
    public SupervisorStrategy Guardian { get; init; } = SupervisorStrategy.Default;

    internal ActorSystemOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Time);
        ArgumentNullException.ThrowIfNull(Random);
        ArgumentNullException.ThrowIfNull(Dispatcher);
        ArgumentNullException.ThrowIfNull(Guardian);
        ArgumentOutOfRangeException.ThrowIfLessThan(Throughput, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandlerBudget, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(DeadLettersPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DisposeDeadline, TimeSpan.Zero);
        return this;
    }
}
