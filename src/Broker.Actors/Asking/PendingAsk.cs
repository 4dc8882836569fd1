namespace Broker.Actors;

/// <summary>One question in flight: the task, its timer, its watchers. Every way of ending releases all three.</summary>
#pragma warning disable CA1001 // A source without timer and parents has nothing to dispose; the callee's registrations end with it.
internal sealed class PendingAsk<TReply> : ReplyTo<TReply>, ITimed
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource<TReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ActorSystem _system;
    private readonly IActorRef _asked;
    private readonly TimeSpan _timeout;
    private readonly long _started;
    private CancellationTokenRegistration _registration;
    private CancellationTokenSource? _cancelled;
    private HashSet<IDeathListener>? _watchers;
    private ActorPath? _path;
    private bool _over;

    public PendingAsk(ActorSystem system, IActorRef asked, TimeSpan timeout)
    {
        _system = system;
        _asked = asked;
        _timeout = timeout;
        _started = system.Time.GetTimestamp();
        Uid = system.NextUid();
    }

    public Task<TReply> Task => _answer.Task;

    public override ActorPath Path => _path ??= new ActorPath(_asked.Path, $"$ask-{Uid}");

    public override long Uid { get; }

    public override TimeSpan Remaining
    {
        get
        {
            var left = _timeout - _system.Time.GetElapsedTime(_started);
            return IsOver || left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }

    public override bool IsExpired => Remaining == TimeSpan.Zero;

    public override CancellationToken Cancelled
    {
        get
        {
            lock (_answer)
            {
                if (_cancelled is null)
                {
                    if (_over)
                        return new CancellationToken(canceled: !_answer.Task.IsCompletedSuccessfully);
                    _cancelled = new CancellationTokenSource();
                }
                return _cancelled.Token;
            }
        }
    }

    public long Due { get; set; }

    public int Place { get; set; }

    private bool IsOver
    {
        get
        {
            lock (_answer)
                return _over;
        }
    }

    public static void ThrowIfNotFinite(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero || timeout == TimeSpan.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(timeout), "an ask needs a timeout that is finite and more than zero");
    }

    public void Start(CancellationToken cancellationToken)
    {
        _system.Timers.Schedule(this, _timeout);
        if (!cancellationToken.CanBeCanceled)
            return;
        var registration = cancellationToken.UnsafeRegister(static (ask, token) => ((PendingAsk<TReply>)ask!).Cancel(token), this);
        lock (_answer)
        {
            if (!_over)
            {
                _registration = registration;
                return;
            }
        }
        registration.Unregister();
    }

    public void Refused(TellResult result)
    {
        if (result == TellResult.Busy)
            End(answer => answer.TrySetException(new ActorBusyException(_asked.Path)));
        else if (result == TellResult.Stopped)
            Abandon();
    }

    public override void Tell(TReply reply)
    {
        if (!End(answer => answer.TrySetResult(reply)))
            _system.DeadLetters.Undelivered(this, reply, DeadLetterReason.AskOver);
    }

    public void Fire() => End(answer => answer.TrySetException(new AskTimeoutException(_asked.Path, _timeout)));

    public void Abandon() => End(answer => answer.TrySetException(new ActorStoppedException(_asked.Path)));

    internal override void GiveUp() => Cancel(CancellationToken.None);

    private void Cancel(CancellationToken token) => End(answer => answer.TrySetCanceled(token));

    /// <returns>False when it was over before: nothing has been set.</returns>
    private bool End(Func<TaskCompletionSource<TReply>, bool> set)
    {
        CancellationTokenSource? cancelled;
        CancellationTokenRegistration registration;
        HashSet<IDeathListener>? watchers;
        lock (_answer)
        {
            if (_over)
                return false;
            _over = true;
            set(_answer);
            cancelled = _answer.Task.IsCompletedSuccessfully ? null : _cancelled;
            registration = _registration;
            (watchers, _watchers) = (_watchers, null);
        }
        _system.Timers.Cancel(this);
        registration.Unregister();
        if (cancelled is not null)
            _system.Dispatcher.Schedule(new CancelItem(cancelled));
        foreach (var watcher in watchers ?? [])
            watcher.OnDeath(this);
        return true;
    }

    private protected override void SendSystem(SystemMessage message)
    {
        switch (message)
        {
            case WatchMessage watch:
                lock (_answer)
                {
                    if (!_over)
                    {
                        (_watchers ??= []).Add(watch.Listener);
                        return;
                    }
                }
                watch.Listener.OnDeath(this);
                break;
            case UnwatchMessage unwatch:
                lock (_answer)
                    _watchers?.Remove(unwatch.Listener);
                break;
        }
    }
}
