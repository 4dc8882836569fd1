namespace Broker.Actors;

/// <summary>The end: user actors, then system actors, then callbacks in the order of registration, then timers.</summary>
public sealed partial class ActorSystem
{
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _callbackGate = new();
    private List<Action>? _callbacks = [];
    private List<TimedWait>? _waits = [];

    /// <summary>Completes when every actor has ended and every callback has run.</summary>
    public Task WhenTerminated => _terminated.Task;

    /// <summary>Runs the action after the last actor has ended. What it throws is ignored.</summary>
    /// <exception cref="InvalidOperationException">The system has terminated.</exception>
    public void RegisterOnTermination(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_callbackGate)
        {
            if (_callbacks is null)
                throw new InvalidOperationException($"system {Name} has terminated");
            _callbacks.Add(callback);
        }
    }

    /// <summary>Stops every actor, children before parents. An actor may call it, but must not await it.</summary>
    /// <param name="deadline">How long to wait; more than zero.</param>
    /// <returns>False when not all had ended by then: they are still ending, and the process should say so by its exit code.</returns>
    public Task<bool> TerminateAsync(TimeSpan deadline)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(deadline, TimeSpan.Zero);
        var wait = new TimedWait(Timers);
        RegisterOnEnd(wait);
        _user.RequestStop();
        wait.Start(deadline);
        return wait.Task;
    }

    /// <summary>Terminates and waits, at most <see cref="ActorSystemOptions.DisposeDeadline"/>.</summary>
    public async ValueTask DisposeAsync() => await TerminateAsync(_options.DisposeDeadline);

    internal void OnGuardianFailed() => _user.RequestStop();

    internal void OnGuardianEnded(Cell guardian)
    {
        if (guardian == _user)
            _system.RequestStop();
        else
            Finish();
    }

    private void RegisterOnEnd(TimedWait wait)
    {
        lock (_callbackGate)
        {
            if (_waits is not null)
            {
                _waits.Add(wait);
                return;
            }
        }
        wait.Succeed();
    }

    private void Finish()
    {
        List<Action> callbacks;
        lock (_callbackGate)
        {
            callbacks = _callbacks!;
            _callbacks = null;
        }
        foreach (var callback in callbacks)
        {
            try
            {
                callback();
            }
#pragma warning disable CA1031 // The next callback must still run.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
        Timers.Dispose();
        _blocked?.Dispose();
        _terminated.SetResult();
        List<TimedWait> waits;
        lock (_callbackGate)
        {
            waits = _waits!;
            _waits = null;
        }
        foreach (var wait in waits)
            wait.Succeed();
    }
}
