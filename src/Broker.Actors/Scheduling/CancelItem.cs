namespace Broker.Actors;

/// <summary>Cancels a source on the dispatcher, so that nobody runs another's callbacks.</summary>
internal sealed class CancelItem(CancellationTokenSource source) : IThreadPoolWorkItem
{
    public void Execute()
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException)
        {
            // Callbacks that throw are the fault of who registered them; the token is cancelled all the same.
        }
    }
}
