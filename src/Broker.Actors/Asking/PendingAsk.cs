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
    private Stage _stage;

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

    public override DateTimeOffset Deadline => _system.Time.GetUtcNow() + (_timeout - _system.Time.GetElapsedTime(_started));

    public override bool IsExpired => Remaining == TimeSpan.Zero;

    public override CancellationToken Cancelled
    {
        get
        {
            lock (_answer)
            {
                if (_cancelled is null)
                {
                    if (_stage != Stage.Open)
                        return new CancellationToken(canceled: _stage == Stage.GivenUp);
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
                return _stage != Stage.Open;
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
            if (_stage == Stage.Open)
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
            Fail(new ActorBusyException(_asked.Path));
        else if (result == TellResult.Stopped)
            Abandon();
    }

    public override void Tell(TReply reply)
    {
        if (!TryEnd(Stage.Answered))
        {
            _system.DeadLetters.Undelivered(this, reply, DeadLetterReason.AskOver);
            return;
        }
        Release();
        _answer.SetResult(reply);
    }

    public void Fire() => Fail(new AskTimeoutException(_asked.Path, _timeout));

    public void Abandon() => Fail(new ActorStoppedException(_asked.Path));

    internal override void GiveUp() => Cancel(CancellationToken.None);

    private void Fail(ActorException cause)
    {
        if (!TryEnd(Stage.GivenUp))
            return;
        Release();
        _answer.SetException(cause);
    }

    private void Cancel(CancellationToken token)
    {
        if (!TryEnd(Stage.GivenUp))
            return;
        Release();
        _answer.SetCanceled(token);
    }

    /// <summary>True for one caller only, who then releases and completes the task.</summary>
    private bool TryEnd(Stage stage)
    {
        lock (_answer)
        {
            if (_stage != Stage.Open)
                return false;
            _stage = stage;
            return true;
        }
    }

    private void Release()
    {
        CancellationTokenSource? cancelled;
        CancellationTokenRegistration registration;
        HashSet<IDeathListener>? watchers;
        lock (_answer)
        {
            cancelled = _stage == Stage.GivenUp ? _cancelled : null;
            registration = _registration;
            (watchers, _watchers) = (_watchers, null);
        }
        _system.Timers.Cancel(this);
        registration.Unregister();
        if (cancelled is not null)
            _system.Dispatcher.Schedule(new CancelItem(cancelled));
        foreach (var watcher in watchers ?? [])
            watcher.OnDeath(this);
    }

    private protected override void SendSystem(SystemMessage message)
    {
        switch (message)
        {
            case WatchMessage watch:
                lock (_answer)
                {
                    if (_stage == Stage.Open)
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

    private enum Stage : byte
    {
        Open,
        Answered,
        GivenUp,
    }
}
