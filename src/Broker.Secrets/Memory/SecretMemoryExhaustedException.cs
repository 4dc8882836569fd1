namespace Broker.Secrets;

/// <summary>
/// No slot of the asked size is free. Thrown at once, never after a wait; whoever serves a peer answers it with a typed "busy" (I10).
/// </summary>
public sealed class SecretMemoryExhaustedException : Exception
{
    internal SecretMemoryExhaustedException(int length, long liveBytes, long capacity) : base(
        $"no locked memory is free for a secret of {length} bytes: {liveBytes} of {capacity} bytes are in use; " +
        "try again when work in flight has ended, or configure a larger capacity") => Length = length;

    /// <summary>How many bytes were asked for.</summary>
    public int Length { get; }
}
