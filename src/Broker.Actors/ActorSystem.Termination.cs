namespace Broker.Actors;

/// <summary>The end: user actors, then system actors, then callbacks in the order of registration, then timers.</summary>
public sealed partial class ActorSystem
{
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _callbackGate = new();
    private List<Action>? _callbacks = [];

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
    public async Task<bool> TerminateAsync(TimeSpan deadline)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(deadline, TimeSpan.Zero);
        _user.RequestStop();
        try
        {
            await WhenTerminated.WaitAsync(deadline, Time);
            return true;
        }
        catch (TimeoutException)
        {
            return WhenTerminated.IsCompleted;
        }
    }

    /// <summary>Terminates and waits, at most <see cref="ActorSystemOptions.DisposeDeadline"/>.</summary>
    public async ValueTask DisposeAsync() => await TerminateAsync(_options.DisposeDeadline);

    internal void OnGuardianFailed() => _user.RequestStop();

    internal void OnStopped(Cell cell)
    {
        if (cell == _user)
            _system.RequestStop();
        else if (cell == _system)
            Finish();
        else
            Interlocked.Decrement(ref _inhabitants);
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
        _terminated.SetResult();
    }
}
