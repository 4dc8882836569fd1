namespace Broker.Actors;

/// <summary>Tasks whose end becomes a message.</summary>
internal sealed partial class Cell<T>
{
    public void PipeToSelf<TResult>(Task<TResult> task, Func<TResult, T> success, Func<Exception, T> failure)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(success);
        ArgumentNullException.ThrowIfNull(failure);
        new PipedResult<T, TResult>(this, Incarnation, task, success, failure).Start();
    }

    public void PipeToSelf(Task task, Func<T> success, Func<Exception, T> failure)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(success);
        PipeToSelf(Done(task), _ => success(), failure);

        static async Task<bool> Done(Task work)
        {
            await work;
            return true;
        }
    }
}

/// <summary>
/// A task on its way into the mailbox of the incarnation that piped it. Its result is the kernel's until the mapping takes it.
/// </summary>
internal sealed class PipedResult<T, TResult>(
    Cell<T> cell, int incarnation, Task<TResult> task, Func<TResult, T> success, Func<Exception, T> failure) : Signal<T> where T : notnull
{
    public void Start()
    {
        if (task.IsCompleted)
            cell.Mailbox.EnqueueSignal(this);
        else
            task.GetAwaiter().UnsafeOnCompleted(() => cell.Mailbox.EnqueueSignal(this));
    }

    public override ValueTask Deliver(Cell<T> owner)
    {
        if (owner.Incarnation != incarnation)
        {
            Lose(DeadLetterReason.OldIncarnation);
            return ValueTask.CompletedTask;
        }
        return owner.ReceiveMessage(Map());
    }

    public override void Drop(Cell<T> owner) => Lose(DeadLetterReason.Stopped);

    private T Map()
    {
        if (!task.IsCompletedSuccessfully)
            return failure(task.Exception?.InnerException ?? new TaskCanceledException(task));
        try
        {
            return success(task.Result);
        }
        catch
        {
            Owned.Dispose(task.Result, cell.Path, cell.System.Events);
            throw;
        }
    }

    private void Lose(DeadLetterReason reason)
    {
        if (task.IsCompletedSuccessfully)
            cell.System.DeadLetters.Undelivered(cell.Self, task.Result, reason);
        else
            _ = task.Exception;
    }
}
