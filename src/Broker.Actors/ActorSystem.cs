namespace Broker.Actors;

/// <summary>
/// A tree of actors with its own clock, randomness, dispatcher and events. Independent of every other system in the process.
/// </summary>
public sealed partial class ActorSystem : IAsyncDisposable
{
    private readonly ActorSystemOptions _options;
    private readonly Cell<Guardian.Nothing> _user;
    private readonly Cell<Guardian.Nothing> _system;
    private readonly BlockedTurns? _blocked;
    private long _lastUid;
    private int _inhabitants;

    /// <summary>Starts an empty system.</summary>
    /// <param name="name">Of the form of an actor's name; for logs.</param>
    /// <param name="options">Null for the defaults.</param>
    public ActorSystem(string name, ActorSystemOptions? options = null)
    {
        ActorPath.ThrowIfNotAName(name);
        Name = name;
        _options = (options ?? new ActorSystemOptions()).Validated();
        Events = new EventStream();
        DeadLetters = new DeadLetters(Events, Time, _options.DeadLettersPerSecond);
        Timers = new TimerHeap(Time);
        _system = MakeGuardian("system", SupervisorStrategy.Default);
        _user = MakeGuardian("user", _options.Guardian);
        _blocked = Dispatcher == Dispatcher.ThreadPool ? new BlockedTurns(this) : null;
    }

    /// <summary>The name given.</summary>
    public string Name { get; }

    /// <summary>The only clock of everything in this system.</summary>
    public TimeProvider Time => _options.Time;

    /// <summary>The only source of randomness of everything in this system.</summary>
    public RandomSource Random => _options.Random;

    /// <summary>What the system tells about itself.</summary>
    public EventStream Events { get; }

    /// <summary>How many messages were not delivered, published or not.</summary>
    public long DeadLetterCount => DeadLetters.Count;

    /// <summary>How many actors there are, the two guardians not counted.</summary>
    public int ActorCount => Volatile.Read(ref _inhabitants);

    internal DeadLetters DeadLetters { get; }

    internal TimerHeap Timers { get; }

    internal Dispatcher Dispatcher => _options.Dispatcher;

    internal int Throughput => _options.Throughput;

    internal TimeSpan HandlerBudget => _options.HandlerBudget;

    /// <summary>Makes a top-level actor, <c>/user/name</c>. From any thread.</summary>
    /// <exception cref="ActorNameInUseException">An actor of that name has not ended yet.</exception>
    /// <exception cref="InvalidOperationException">The system is terminating.</exception>
    public ActorRef<T> Spawn<T>(Props<T> props, string name) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        return _user.SpawnChild(props, name).Self;
    }

    /// <summary>As <see cref="Spawn"/>, under <c>/system</c>: ends only after every user actor has.</summary>
    public ActorRef<T> SpawnSystem<T>(Props<T> props, string name) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        return _system.SpawnChild(props, name).Self;
    }

    /// <summary>
    /// Stops an actor and waits for its end. Its name may be in use for a moment more, until its parent has processed the end.
    /// </summary>
    /// <param name="actor">Any actor of this system.</param>
    /// <param name="timeout">More than zero.</param>
    /// <returns>True when it has ended, also when it had before; false when it had not in time.</returns>
    /// <exception cref="InvalidOperationException">Called by the actor itself or one below it: waiting for that would never end. Known here
    /// until a handler's first await only; <see cref="IActorContext{T}.StopAsync"/> knows it always.</exception>
    public Task<bool> StopAsync(IActorRef actor, TimeSpan timeout) => StopWaiter.StopAsync(this, Turn.Current, actor, timeout);

    internal long NextUid() => Interlocked.Increment(ref _lastUid);

    internal void OnStarted(Cell cell)
    {
        if (cell.Parent is not null)
            Interlocked.Increment(ref _inhabitants);
    }

    internal void OnEnded(Cell cell)
    {
        if (cell.Parent is not null)
            Interlocked.Decrement(ref _inhabitants);
    }

    private Cell<Guardian.Nothing> MakeGuardian(string name, SupervisorStrategy strategy)
    {
        var cell = new Cell<Guardian.Nothing>(this, null, name, Props<Guardian.Nothing>.Of(() => new Guardian(strategy)));
        cell.SendSystem(new CreateMessage());
        return cell;
    }
}
