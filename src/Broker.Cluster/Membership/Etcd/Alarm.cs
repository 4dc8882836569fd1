namespace Broker.Cluster.Etcd;

/// <summary>Wakes one loop: after a time, or at once when somebody rings. Rings that come while the loop is awake count as one.</summary>
internal sealed class Alarm(TimeProvider time)
{
    private TaskCompletionSource _rung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Ring() => Volatile.Read(ref _rung).TrySetResult();

    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await using var timer = time.CreateTimer(static alarm => ((Alarm)alarm!).Ring(), this, atMost, Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false);
        await Volatile.Read(ref _rung).Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        // Whoever rang the old one had said before what it is about, and the loop looks after this.
        Interlocked.Exchange(ref _rung, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
