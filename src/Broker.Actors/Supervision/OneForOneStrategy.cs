namespace Broker.Actors;

/// <summary>Only the failed child is restarted or stopped.</summary>
/// <param name="maxRetries">0: never restart; −1 (default): without limit, or once per window when there is one; else so many, in all or
/// per window.</param>
/// <param name="window">A tumbling window, more than zero; null: retries count for the child's whole life.</param>
/// <param name="decider">Which directive for which cause; null: <see cref="SupervisorStrategy.DefaultDecider"/>.</param>
public sealed class OneForOneStrategy(int maxRetries = -1, TimeSpan? window = null, Func<Exception, Directive>? decider = null)
    : SupervisorStrategy(maxRetries, window, decider)
{
    private protected override void Restart(Supervision failure)
    {
        if (MayRestart(failure.Child))
            failure.Child.SendSystem(new RecreateMessage(failure.Cause, failure.Incarnation));
        else
            Stop(failure);
    }

    private protected override void Stop(Supervision failure) => failure.Parent.StopChild(failure.Child);
}
