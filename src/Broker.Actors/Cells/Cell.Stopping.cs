namespace Broker.Actors;

/// <summary>The token of an incarnation. Made when first asked for: most actors never do.</summary>
internal abstract partial class Cell
{
    private CancellationTokenSource? _stopping;
    private bool _stopRequested;

    public CancellationToken Stopping
    {
        get
        {
            if (Volatile.Read(ref _stopRequested))
                return new CancellationToken(canceled: true);
            var source = Volatile.Read(ref _stopping);
            if (source is null)
            {
                source = new CancellationTokenSource();
                Interlocked.Exchange(ref _stopping, source);
                // A stop that came between found nothing to cancel.
                if (Volatile.Read(ref _stopRequested))
                    CancelStopping();
            }
            return source.Token;
        }
    }

    /// <summary>On the dispatcher: who asks for a stop does not run the actor's code. From any thread.</summary>
    private void CancelStopping()
    {
        if (Interlocked.Exchange(ref _stopping, null) is { } source)
            System.Dispatcher.Schedule(new CancelItem(source));
    }
}
