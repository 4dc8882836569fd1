namespace Broker.Secrets.Tests;

/// <summary>
/// Tests after each of which, however it went, the gauges of live secrets must stand where they stood before it. What a test needs
/// throughout it gives to <see cref="Keep"/>.
/// </summary>
public abstract class GaugedSpecs : IDisposable
{
    private readonly (long Bytes, long Buffers) _atRest = Gauges;
    private readonly long _leaked = SecretMemory.Default.LeakedBuffers;
    private readonly Stack<IDisposable> _kept = [];

    private static (long Bytes, long Buffers) Gauges => (SecretMemory.Default.LiveBytes, SecretMemory.Default.LiveBuffers);

    public void Dispose()
    {
        while (_kept.TryPop(out var kept))
            kept.Dispose();

        GC.SuppressFinalize(this);
        Assert.Equal(_atRest, Gauges);
        Assert.Equal(_leaked, SecretMemory.Default.LeakedBuffers);
    }

    protected T Keep<T>(T value)
        where T : IDisposable
    {
        _kept.Push(value);
        return value;
    }
}
