namespace Broker.Actors;

/// <summary>Stops an actor and waits for its end from outside of the tree.</summary>
internal sealed class StopWaiter : IDeathListener
{
    private readonly TimedWait _wait;

    private StopWaiter(ActorSystem system, IActorRef actor) =>
        _wait = new TimedWait(system.Timers, () => actor.SendSystem(new UnwatchMessage(this)));

    public void OnDeath(IActorRef subject) => _wait.Succeed();

    /// <param name="system">Whose clock counts.</param>
    /// <param name="caller">The actor that will await the result, if one does.</param>
    /// <param name="actor">Whom to stop.</param>
    /// <param name="timeout">More than zero.</param>
    public static Task<bool> StopAsync(ActorSystem system, Cell? caller, IActorRef actor, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        for (var above = caller; above is not null; above = above.Parent)
        {
            if (ReferenceEquals(above, actor.Owner))
                throw new InvalidOperationException(
                    $"{caller!.Path} cannot wait for the end of {actor.Path}: that would wait for it; stop without waiting");
        }
        return new StopWaiter(system, actor).Wait(actor, timeout);
    }

    private Task<bool> Wait(IActorRef actor, TimeSpan timeout)
    {
        actor.SendSystem(new WatchMessage(this));
        actor.Stop();
        _wait.Start(timeout);
        return _wait.Task;
    }
}
