namespace Broker.Actors;

/// <summary>Holds a spin lock until the end of a <c>using</c>. For a few instructions only: who waits burns its time.</summary>
internal readonly ref struct Hold
{
    private readonly ref SpinLock _gate;

    public Hold(ref SpinLock gate)
    {
        var held = false;
        gate.Enter(ref held);
        _gate = ref gate;
    }

    public void Dispose() => _gate.Exit(useMemoryBarrier: false);
}
