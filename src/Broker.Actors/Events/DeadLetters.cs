namespace Broker.Actors;

/// <summary>
/// The end of every message that is not delivered: disposed, counted, published (within a limit a second, and never recursively).
/// </summary>
internal sealed class DeadLetters(EventStream events, TimeProvider time, int limitPerSecond)
{
    [ThreadStatic]
    private static bool _publishing;

    private readonly Lock _gate = new();
    private long _count;
    private long _unpublished;
    private long _secondStarted;
    private int _inSecond;

    public long Count => Interlocked.Read(ref _count);

    public void Undelivered(IActorRef recipient, object? message, DeadLetterReason reason)
    {
        var type = TypeName.Of(message);
        var silent = message is ISuppressDeadLetter;
        Owned.Dispose(message, recipient.Path, events);
        var count = Interlocked.Increment(ref _count);
        if (silent || _publishing)
            return;
        if (!MayPublish(out var unpublished))
            return;
        _publishing = true;
        try
        {
            events.Publish(new DeadLetter(recipient.Path, Turn.Current?.Path, type, reason, count, unpublished));
        }
        finally
        {
            _publishing = false;
        }
    }

    private bool MayPublish(out long unpublished)
    {
        lock (_gate)
        {
            unpublished = 0;
            var now = time.GetTimestamp();
            if (_inSecond == 0 || time.GetElapsedTime(_secondStarted, now) >= TimeSpan.FromSeconds(1))
            {
                _secondStarted = now;
                _inSecond = 0;
            }
            if (_inSecond >= limitPerSecond)
            {
                _unpublished++;
                return false;
            }
            _inSecond++;
            (unpublished, _unpublished) = (_unpublished, 0);
            return true;
        }
    }
}
