namespace Broker.Actors;

/// <summary>Stops an actor and waits for its end from outside of the tree.</summary>
internal sealed class StopWaiter : IDeathListener
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StopWaiter()
    {
    }

    public void OnDeath(IActorRef subject) => _ended.TrySetResult();

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
                throw new InvalidOperationException($"{caller!.Path} cannot wait for the end of {actor.Path}: that would wait for it; stop without waiting");
        }
        var waiter = new StopWaiter();
        actor.SendSystem(new WatchMessage(waiter));
        actor.Stop();
        return waiter.Wait(system, actor, timeout);
    }

    private async Task<bool> Wait(ActorSystem system, IActorRef actor, TimeSpan timeout)
    {
        try
        {
            await _ended.Task.WaitAsync(timeout, system.Time);
            return true;
        }
        catch (TimeoutException)
        {
            return _ended.Task.IsCompleted;
        }
        finally
        {
            actor.SendSystem(new UnwatchMessage(this));
        }
    }
}
