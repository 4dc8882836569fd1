using Broker.TestKit;

namespace Broker.Actors.Tests.Chaos;

/// <summary>What all actors of one chaotic run share.</summary>
public sealed class Disorder(int seed, TimeSpan unit)
{
    private readonly Lock _gate = new();
    private readonly List<ActorRef<Burden>> _known = [];
    private int _actorsLeft = 100;

    public SeededRandom Random { get; } = new(seed);

    /// <summary>Burdens: one for each message that owns something.</summary>
    public Leaks Messages { get; } = new();

    /// <summary>One for each incarnation whose constructor ended.</summary>
    public Leaks Incarnations { get; } = new();

    /// <summary>The length of timers and timeouts.</summary>
    public TimeSpan Unit => unit;

    public void Add(ActorRef<Burden> one)
    {
        lock (_gate)
            _known.Add(one);
    }

    /// <summary>
    /// Actors that could still be told something but would never do it: failed, held or half restarted, with nobody left to decide.
    /// </summary>
    public IReadOnlyList<string> Stuck()
    {
        lock (_gate)
        {
            return [.. _known.Select(one => ((IActorRef)one).Owner!)
                .Where(cell => cell.State != CellState.Stopped && !cell.MayReceive)
                .Select(cell => $"{cell.Path} {cell.State} suspended={cell.IsSuspended}")];
        }
    }

    public ActorRef<Burden> Any()
    {
        lock (_gate)
            return _known[Random.Below(_known.Count)];
    }

    public Props<Burden> NextActor()
    {
        var props = Props<Burden>.Of(() => new DisorderlyActor(this)).WithStash(Random.Below(6));
        return Random.Below(2) == 0 ? props : props.WithMailbox(1 + Random.Below(6));
    }

    public bool MayGrow() => Interlocked.Decrement(ref _actorsLeft) >= 0;
}

/// <summary>A message that owns something, and may want it answered with something that owns.</summary>
public sealed class Burden(Disorder disorder, int fuel, ReplyTo<Burden>? replyTo = null) : IDisposable
{
    private readonly int _id = disorder.Messages.Born();

    /// <summary>How many more messages may come of this one.</summary>
    public int Fuel => fuel;

    public ReplyTo<Burden>? ReplyTo => replyTo;

    public void Dispose() => disorder.Messages.Died(_id);
}

/// <summary>Does anything that an actor can do, at random.</summary>
public sealed class DisorderlyActor : Actor<Burden>
{
    private readonly Disorder _disorder;
    private readonly int _id;
    private readonly SupervisorStrategy _strategy;

    public DisorderlyActor(Disorder disorder)
    {
        _disorder = disorder;
        if (Chance(30))
            throw new InvalidOperationException("constructor");
        _id = disorder.Incarnations.Born();
        var directive = (Directive)disorder.Random.Below(4);
        // An endless circle of failed creations is legal; here it would only burn time.
        Directive Decide(Exception e) => e is ActorInitializationException && directive != Directive.Escalate ? Directive.Stop : directive;
        _strategy = Chance(3) ? new AllForOneStrategy(5, decider: Decide) : new OneForOneStrategy(5, decider: Decide);
    }

    protected override SupervisorStrategy SupervisorStrategy => Chance(100) ? throw new InvalidOperationException("strategy") : _strategy;

    protected override ValueTask PreStart() => Maybe(40);

    protected override ValueTask PostStop() => Maybe(10);

    protected override ValueTask PostRestart(Exception cause) =>
        Chance(10) ? throw new InvalidOperationException("postrestart") : base.PostRestart(cause);

    protected override ValueTask PreRestart(Exception cause, object? message)
    {
        if (Chance(4))
            Context.StartTimer("late", New(0), _disorder.Unit);
        if (Chance(4))
            SpawnOne();
        return Chance(2) ? base.PreRestart(cause, message) : Maybe(6);
    }

    protected override bool OnTerminated(Terminated terminated)
    {
        if (Chance(4))
            Context.Stash(terminated);
        return !Chance(10);
    }

    protected override void Dispose(bool disposing)
    {
        _disorder.Incarnations.Died(_id);
        base.Dispose(disposing);
        if (Chance(20))
            throw new InvalidOperationException("dispose");
    }

    protected override async ValueTask Receive(Burden message)
    {
        for (var actions = 1 + _disorder.Random.Below(3); actions > 0; actions--)
            await Act(message);
        if (message.ReplyTo is { } replyTo && !Chance(4))
            replyTo.Tell(New(0));
        if (Chance(12))
            throw new InvalidOperationException("handler");
    }

    private async ValueTask Act(Burden message)
    {
        var fuel = message.Fuel - 1;
        if (fuel < 0)
            return;
        var other = _disorder.Any();
        switch (_disorder.Random.Below(20))
        {
            case 0 or 1 or 2:
                SpawnOne();
                break;
            case 3:
                Context.Stash(message);
                break;
            case 4:
                Context.UnstashAll();
                break;
            case 5:
                Context.ClearStash();
                break;
            case 6:
                Context.Forward(other, message);
                break;
            case 7:
                Context.StartTimer(_disorder.Random.Below(3), New(fuel), _disorder.Unit * _disorder.Random.Below(3));
                break;
            case 8:
                Context.CancelTimer(_disorder.Random.Below(3));
                break;
            case 9:
                Context.WatchWith(other, New(fuel));
                break;
            case 10:
                Context.Watch(other);
                break;
            case 11:
                Context.Unwatch(other);
                break;
            case 12:
                Context.PipeToSelf(other.Ask<Burden>(to => New(fuel, to), _disorder.Unit), reply => reply, _ => New(0));
                break;
            case 13:
                using (await other.Ask<Burden>(to => New(fuel, to), _disorder.Unit, Context.Stopping))
                    break;
            case 14 when Chance(3):
                Context.Stop(other);
                break;
            case 15 when Chance(4):
                Context.StopSelf();
                break;
            case 16 when Chance(4):
                other.Kill();
                break;
            case 17 when Chance(4):
                other.PoisonPill();
                break;
            default:
                other.Tell(New(fuel));
                Context.Self.Tell(New(fuel));
                await Task.Yield();
                break;
        }
    }

    private Burden New(int fuel, ReplyTo<Burden>? replyTo = null) => new(_disorder, fuel, replyTo);

    private void SpawnOne()
    {
        if (_disorder.MayGrow())
            _disorder.Add(Context.Spawn(_disorder.NextActor()));
    }

    private bool Chance(int oneIn) => _disorder.Random.Below(oneIn) == 0;

    private async ValueTask Maybe(int oneInThrows)
    {
        if (Chance(3))
            await Task.Yield();
        if (Chance(oneInThrows))
            throw new InvalidOperationException("hook");
    }
}
