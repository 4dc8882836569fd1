namespace Broker.Protocol.Identifiers;

/// <summary>
/// What hashes, points and signatures are in a world that a test replays: things that cost next to nothing. There is none in a process
/// that serves: nothing but a test that sees internals can set one, it is set for one thread, and no configuration leads here.
/// </summary>
internal abstract class SimulatedArithmetic
{
    /// <summary>The one of this thread.</summary>
    [ThreadStatic]
    internal static SimulatedArithmetic? Current;

    /// <summary>The hash of bytes.</summary>
    internal abstract Digest Hash(ReadOnlySpan<byte> data);

    /// <summary>The hash of a tag and two hashes.</summary>
    internal abstract Digest Hash(byte tag, Digest left, Digest right);

    /// <summary>Whether 65 bytes are a point.</summary>
    internal abstract bool IsPoint(ReadOnlySpan<byte> point);

    /// <summary>Whether a signature is good.</summary>
    internal abstract bool Verify(PublicKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}
