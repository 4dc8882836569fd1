using Broker.Secrets;

namespace Broker.Dmz.Custody;

/// <summary>
/// One PKCS#11 module and the calls to it, one after the other on a thread of its own while there are any. A token that is gone ends
/// the module, so that the next call finds one that was put back: some modules look for tokens only when they begin.
/// </summary>
internal sealed class TokenLane(string path, TimeProvider time) : IAsyncDisposable
{
    private const int MostWaiting = 32;

    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private HsmModule? _module;
    private int _waiting;
    private bool _closed;

    /// <summary>Does some work when what came before it has ended.</summary>
    /// <param name="work">Opens tokens and closes them again before it returns. Its exceptions are the task's.</param>
    /// <returns>Null where too much waits, or the node is stopping.</returns>
    public Task<T>? Enqueue<T>(Func<HsmModule, T> work)
    {
        lock (_gate)
        {
            if (_closed || _waiting >= MostWaiting)
            {
                return null;
            }

            _waiting++;
            var task = _last.ContinueWith(
                _ => Do(work), CancellationToken.None, TaskContinuationOptions.LongRunning | TaskContinuationOptions.DenyChildAttach,
                TaskScheduler.Default);
            _last = task;
            return task;
        }
    }

    /// <summary>Ends the module after the work that waits.</summary>
    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (_gate)
        {
            _closed = true;
            last = _last;
        }

        await last.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _module?.Dispose();
        _module = null;
    }

    private T Do<T>(Func<HsmModule, T> work)
    {
        lock (_gate)
        {
            _waiting--;
        }

        try
        {
            return work(_module ??= HsmModule.Load(path, time, HsmModule.DefaultLimit));
        }
        catch (HsmException problem) when (problem.Failure is HsmFailure.TokenMissing or HsmFailure.TokenLost)
        {
            _module?.Dispose();
            _module = null;
            throw;
        }
    }
}
