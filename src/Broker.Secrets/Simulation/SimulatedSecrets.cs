namespace Broker.Secrets;

/// <summary>
/// What secrets rest on in a world that a test replays: it sees each buffer, each key and each use of one, and may do the arithmetic
/// itself, which then costs next to nothing. There is none in a process that serves: nothing but a test that sees internals can set one,
/// it is set for one thread, and no configuration leads here.
/// </summary>
internal abstract class SimulatedSecrets
{
    /// <summary>The one of this thread.</summary>
    [ThreadStatic]
    internal static SimulatedSecrets? Current;

    /// <summary>Takes a zeroed buffer.</summary>
    internal abstract SecretBuffer Allocate(int length);

    /// <summary>A buffer was moved to a new owner.</summary>
    internal abstract void Moved(SecretBuffer from, SecretBuffer to);

    /// <summary>Seals, as <see cref="AesGcm256.Seal"/>.</summary>
    internal abstract void Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData,
        Span<byte> destination);

    /// <summary>Opens, as <see cref="AesGcm256.TryOpen"/>.</summary>
    internal abstract bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedData, ReadOnlySpan<byte> associatedData,
        Span<byte> destination);

    /// <summary>HKDF-Extract; false where it is not simulated.</summary>
    internal abstract bool Extracts(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> keyMaterial, Span<byte> pseudorandomKey);

    /// <summary>HKDF-Expand; false where it is not simulated.</summary>
    internal abstract bool Expands(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> output);

    /// <summary>The point of a valid scalar; null where keys are not simulated.</summary>
    internal abstract byte[]? PointOf(ReadOnlySpan<byte> scalar);

    /// <summary>Agrees on a secret; false where keys are not simulated.</summary>
    internal abstract bool Agrees(ReadOnlySpan<byte> point, ReadOnlySpan<byte> peer, Span<byte> shared);

    /// <summary>Sees what is signed, and signs it; false where keys are not simulated.</summary>
    internal abstract bool Signs(ReadOnlySpan<byte> point, ReadOnlySpan<byte> message, Span<byte> signature);
}
