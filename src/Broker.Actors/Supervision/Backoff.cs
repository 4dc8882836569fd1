namespace Broker.Actors;

/// <summary>Supervision with growing waits, for what fails because something outside is down.</summary>
public static class Backoff
{
    /// <summary>
    /// A supervisor with one child, <c>child</c>, to which it passes every message on. A child that fails or ends is started again after a
    /// wait. This is no restart: the failed child is stopped (PreRestart and PostRestart do not run), and its mailbox and stash are lost to
    /// dead letters.
    /// </summary>
    public static Props<T> StopAndStart<T>(Props<T> child, BackoffOptions<T> options) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(child);
        ArgumentNullException.ThrowIfNull(options);
        var validated = options.Validated();
        return Props<T>.Of(() => new BackoffActor<T>(child, validated));
    }
}

/// <summary>See <see cref="Backoff.StopAndStart"/>.</summary>
internal sealed class BackoffActor<T>(Props<T> props, BackoffOptions<T> options) : Actor<T> where T : notnull
{
    private const string Wait = "wait";

    private ActorRef<T>? _child;
    private ActorRef<T>? _last;
    private long _started;
    private int _starts;
    private bool _final;

    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override ValueTask PreStart()
    {
        Start();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask Receive(T message)
    {
        if (options.IsReset?.Invoke(message) == true)
        {
            if (_child is not null)
                _starts = 0;
            return ValueTask.CompletedTask;
        }
        _final |= options.IsFinalStop?.Invoke(message) == true;
        if (_child is not null)
            Context.Forward(_child, message);
        else if (_final)
            Context.StopSelf();
        else if (options.WhileDown is { } answer)
            answer(message);
        else
            Context.Forward(_last!, message);
        return ValueTask.CompletedTask;
    }

    protected override bool OnTerminated(Terminated terminated)
    {
        if (!ReferenceEquals(terminated.Ref, _child))
            return false;
        _child = null;
        if (options.ResetAfter is { } life && Context.Time.GetElapsedTime(_started) >= life)
            _starts = 0;
        if (_final || _starts == options.MaxStarts)
            Context.StopSelf();
        else
            ((Cell<T>)Context).StartTimer(Wait, Start, options.Delay(_starts++, Context.Random.NextDouble()));
        return true;
    }

    private void Start()
    {
        _last = _child = Context.Spawn(props, "child");
        _started = Context.Time.GetTimestamp();
        Context.Watch(_child);
    }
}
