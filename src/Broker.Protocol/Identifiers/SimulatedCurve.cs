namespace Broker.Protocol.Identifiers;

/// <summary>
/// What public keys mean in a world that a test replays: points and signatures that cost next to nothing. There is none in a process
/// that serves: nothing but a test that sees internals can set one, it is set for one thread, and no configuration leads here.
/// </summary>
internal abstract class SimulatedCurve
{
    /// <summary>The one of this thread.</summary>
    [ThreadStatic]
    internal static SimulatedCurve? Current;

    /// <summary>Whether 65 bytes are a point.</summary>
    internal abstract bool IsPoint(ReadOnlySpan<byte> point);

    /// <summary>Whether a signature is good.</summary>
    internal abstract bool Verify(PublicKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}
