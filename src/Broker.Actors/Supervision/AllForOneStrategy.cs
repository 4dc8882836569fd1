namespace Broker.Actors;

/// <summary>
/// All children are restarted or stopped together. A restart needs the permission of every one's account; else all are stopped.
/// </summary>
/// <param name="maxRetries">As for <see cref="OneForOneStrategy"/>.</param>
/// <param name="window">As for <see cref="OneForOneStrategy"/>.</param>
/// <param name="decider">As for <see cref="OneForOneStrategy"/>.</param>
public sealed class AllForOneStrategy(int maxRetries = -1, TimeSpan? window = null, Func<Exception, Directive>? decider = null)
    : SupervisorStrategy(maxRetries, window, decider)
{
    private protected override void Restart(Supervision failure)
    {
        var children = failure.Parent.LivingChildren;
        var permitted = true;
        foreach (var child in children)
            permitted &= MayRestart(child);
        if (!permitted)
        {
            Stop(failure);
            return;
        }
        foreach (var child in children)
        {
            if (child != failure.Child)
                child.SendSystem(new HoldMessage());
        }
        foreach (var child in children)
            child.SendSystem(new RecreateMessage(failure.Cause, child == failure.Child ? failure.Incarnation : null));
    }

    private protected override void Stop(Supervision failure)
    {
        foreach (var child in failure.Parent.LivingChildren)
            failure.Parent.StopChild(child);
    }
}
