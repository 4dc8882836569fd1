namespace Broker.Secrets;

/// <summary>
/// Makes calls that may never return, one at a time on a thread of their own, and waits for each no longer than a limit. While a call
/// that was given up has not returned, every other is refused at once; when it returns, its result is wiped and the lane goes on.
/// </summary>
internal sealed class CallLane(TimeSpan limit, TimeProvider time)
{
    private const int MostWaiting = 32;

    private readonly Lock _gate = new();
    private readonly Queue<Call> _waiting = new();
    private Call? _running;
    private Thread? _thread;

    /// <summary>Calls and waits.</summary>
    /// <param name="call">What to do; a result that comes too late is disposed.</param>
    /// <param name="owned">Disposed when the call has ended, or will never begin.</param>
    /// <exception cref="HsmException">
    /// <see cref="HsmFailure.Busy"/>, <see cref="HsmFailure.Unresponsive"/>, or what the call threw.
    /// </exception>
    internal T Run<T>(Func<T> call, IDisposable? owned = null)
    {
        var item = new Call<T>(call, owned);
        try
        {
            Enqueue(item);
        }
        catch
        {
            owned?.Dispose();
            throw;
        }

        try
        {
            return item.Done.WaitAsync(limit, time).GetAwaiter().GetResult();
        }
        catch (TimeoutException)
        {
            // The call may have ended in the meantime: then its result is what counts.
            return item.GiveUp() ? throw Unresponsive() : item.Done.GetAwaiter().GetResult();
        }
    }

    /// <summary>Calls as <see cref="Run"/> does, but behind a call that was given up too, and gives no result: for ending things.</summary>
    /// <returns>Whether the call has ended in time; else it follows when the one before it returns.</returns>
    internal bool End(Action call)
    {
        // A result that came too late is disposed on the lane itself, which must not wait for itself.
        if (Thread.CurrentThread == _thread)
        {
            call();
            return true;
        }

        var item = new Call<bool>(() => { call(); return true; }, null);
        lock (_gate)
            EnqueueNeedsLock(item);
        try
        {
            return item.Done.WaitAsync(limit, time).GetAwaiter().GetResult();
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static HsmException Unresponsive() => new(
        HsmFailure.Unresponsive, "the token's module did not answer in time; look at the device and its connection, then try again");

    private void Enqueue(Call item)
    {
        lock (_gate)
        {
            if (_running is { IsGivenUp: true })
                throw Unresponsive();
            if (_waiting.Count >= MostWaiting)
                throw new HsmException(HsmFailure.Busy, "too many calls wait for the token's module; try again");
            EnqueueNeedsLock(item);
        }
    }

    private void EnqueueNeedsLock(Call item)
    {
        _waiting.Enqueue(item);
        if (_running is null)
        {
            _running = item;
            _thread = new Thread(Work) { IsBackground = true, Name = "pkcs11" };
            _thread.Start();
        }
    }

    private void Work()
    {
        while (true)
        {
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out var next))
                {
                    _running = null;
                    return;
                }

                _running = next;
            }

            _running.Do();
        }
    }

    private abstract class Call
    {
        public abstract bool IsGivenUp { get; }

        public abstract void Do();
    }

    private sealed class Call<T>(Func<T> call, IDisposable? owned) : Call
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Done => _done.Task;

        public override bool IsGivenUp => _done.Task.IsCanceled;

        public bool GiveUp() => _done.TrySetCanceled();

        public override void Do()
        {
            using (owned)
            {
                // Given up while it waited: nobody wants it any more.
                if (IsGivenUp)
                    return;

                try
                {
                    var result = call();
                    if (!_done.TrySetResult(result))
                        (result as IDisposable)?.Dispose();
                }
#pragma warning disable CA1031 // Whatever it is, it belongs to whoever waits.
                catch (Exception problem)
#pragma warning restore CA1031
                {
                    _done.TrySetException(problem);
                }
            }
        }
    }
}
