namespace Broker.Actors;

/// <summary>How an actor deals with failures of its children. Immutable, may be shared.</summary>
public abstract class SupervisorStrategy
{
    private readonly Func<Exception, Directive> _decider;
    private readonly RestartLimit _limit;

    private protected SupervisorStrategy(int maxRetries, TimeSpan? window, Func<Exception, Directive>? decider)
    {
        _limit = new RestartLimit(maxRetries, window);
        _decider = decider ?? DefaultDecider;
    }

    /// <summary>One for one, without limit, by the <see cref="DefaultDecider"/>.</summary>
    public static SupervisorStrategy Default { get; } = new OneForOneStrategy();

    /// <summary>One for one: every failed child is stopped.</summary>
    public static SupervisorStrategy Stopping { get; } = new OneForOneStrategy(decider: static _ => Directive.Stop);

    /// <summary>Restart; but stop after a failed creation, a kill, and an unhandled termination.</summary>
    public static Directive DefaultDecider(Exception cause) => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    };

    /// <returns>False to escalate.</returns>
    internal bool Handle(Supervision failure)
    {
        switch (_decider(failure.Cause))
        {
            case Directive.Resume:
                failure.Child.SendSystem(new ResumeMessage(failure.Incarnation));
                return true;
            case Directive.Restart:
                Restart(failure);
                return true;
            case Directive.Stop:
                Stop(failure);
                return true;
            default:
                return false;
        }
    }

    private protected abstract void Restart(Supervision failure);

    private protected abstract void Stop(Supervision failure);

    private protected bool MayRestart(Cell child) => child.Restarts.Permit(_limit, child.System.Time);
}

/// <summary>One failure before its supervisor.</summary>
internal readonly record struct Supervision(Cell Parent, Cell Child, Exception Cause, int Incarnation);
