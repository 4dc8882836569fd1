namespace Broker.Dmz.Agents;

/// <summary>Bytes that may be taken in at a time, by however many callers. Thread-safe.</summary>
internal sealed class ByteBudget(long most)
{
    private long _taken;

    /// <summary>Takes bytes, all or none.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= most)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
