namespace Broker.Actors;

/// <summary>
/// One question in flight: its task and its timer. Every way of ending releases both, and what few questions have besides
/// (<see cref="AskExtras"/>).
/// </summary>
internal sealed partial class PendingAsk<TReply>(Cell asked, TimeSpan timeout) : ReplyTo<TReply>, ITimed
{
    private readonly TaskCompletionSource<TReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AskExtras? _extras;
    private int _stage;

    public Task<TReply> Task => _answer.Task;

    public override ActorPath Path => Extras.Path ??= new ActorPath(asked.Path, $"$ask-{Uid}");

    public override long Uid => Extras.UidIn(asked.System);

    public override TimeSpan Remaining => IsOver ? TimeSpan.Zero : Left is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    public override DateTimeOffset Deadline => asked.System.Time.GetUtcNow() + Left;

    public override bool IsExpired => Remaining == TimeSpan.Zero;

    public override CancellationToken Cancelled
    {
        get
        {
            var extras = Extras;
            lock (extras)
            {
                if (extras.Cancelled is null)
                {
                    if (IsOver)
                        return new CancellationToken(canceled: Volatile.Read(ref _stage) == GivenUp);
                    extras.Cancelled = new CancellationTokenSource();
                }
                return extras.Cancelled.Token;
            }
        }
    }

    /// <inheritdoc />
    public long Due { get; set; } = asked.System.Timers.After(asked.System.Time.GetTimestamp(), timeout);

    public int Place { get; set; }

    private TimeSpan Left => asked.System.Time.GetElapsedTime(asked.System.Time.GetTimestamp(), Due);

    public static void ThrowIfNotFinite(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero || timeout == TimeSpan.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(timeout), "an ask needs a timeout that is finite and more than zero");
    }

    public void Start(CancellationToken cancellationToken)
    {
        asked.System.Timers.ScheduleAt(this, Due);
        // It can be over before it is sent: whoever made the message had the address for the answer.
        if (IsOver)
            asked.System.Timers.Cancel(this);
        if (!cancellationToken.CanBeCanceled)
            return;
        var registration = cancellationToken.UnsafeRegister(static (ask, token) => ((PendingAsk<TReply>)ask!).Cancel(token), this);
        var extras = Extras;
        lock (extras)
        {
            if (!IsOver)
            {
                extras.Registration = registration;
                return;
            }
        }
        registration.Unregister();
    }

    public void Refused(TellResult result)
    {
        if (result == TellResult.Busy)
            Fail(new ActorBusyException(asked.Path));
        else if (result == TellResult.Stopped)
            Abandon();
    }

    public override void Tell(TReply reply)
    {
        if (TryEnd(Answered))
            _answer.SetResult(reply);
        else
            asked.System.DeadLetters.Undelivered(this, reply, DeadLetterReason.AskOver);
    }

    public void Fire() => Fail(new AskTimeoutException(asked.Path, timeout));

    public void Abandon() => Fail(new ActorStoppedException(asked.Path));

    internal override void GiveUp() => Cancel(CancellationToken.None);

    private void Fail(ActorException cause)
    {
        if (TryEnd(GivenUp))
            _answer.SetException(cause);
    }

    private void Cancel(CancellationToken token)
    {
        if (TryEnd(GivenUp))
            _answer.SetCanceled(token);
    }
}
