using System.Diagnostics;
using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>
/// The only home of a secret's bytes: a slot of locked memory with one owner, who disposes it, which zeroes it. It has no conversions,
/// shows none of its bytes, and cannot be serialized.
/// </summary>
/// <remarks>
/// Not thread-safe beyond this: of several calls to <see cref="Dispose"/> and <see cref="Move"/> one wins. A <see cref="Span"/> taken
/// before must not be used after the owner disposed the buffer, nor once nothing refers to the buffer any more.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class SecretBuffer : IDisposable
{
    private readonly SecretMemory _memory;
    private readonly int _requested;
    private nint _address;
    private int _length;

    internal SecretBuffer(SecretMemory memory, nint address, int requested, int length)
    {
        _memory = memory;
        _address = address;
        _requested = requested;
        _length = length;
    }

    /// <summary>Wipes what its owner forgot, and counts it in <see cref="SecretMemory.LeakedBuffers"/>.</summary>
    ~SecretBuffer()
    {
        var address = Interlocked.Exchange(ref _address, 0);
        if (address != 0)
            _memory.Release(address, _requested, leaked: true);
    }

    /// <summary>Bytes that the buffer holds; still known after disposal.</summary>
    public int Length => _length;

    /// <summary>Whether the bytes are gone from here: wiped, or moved to another owner.</summary>
    public bool IsEmptied => _address == 0;

    /// <summary>The secret's bytes, in place.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was wiped or moved.</exception>
    public unsafe Span<byte> Span
    {
        get
        {
            var address = _address;
            ObjectDisposedException.ThrowIf(address == 0, this);
            return new Span<byte>((void*)address, _length);
        }
    }

    /// <summary>Takes a zeroed slot from <see cref="SecretMemory.Default"/>.</summary>
    /// <param name="length">Bytes, 0 … <see cref="SecretMemory.LargestLength"/>.</param>
    /// <returns>A buffer that the caller owns and disposes.</returns>
    /// <exception cref="SecretMemoryExhaustedException">No slot of that size is free.</exception>
    public static SecretBuffer Allocate(int length) =>
        SimulatedSecrets.Current is { } simulated ? simulated.Allocate(length) : SecretMemory.Default.Allocate(length);

    /// <summary>Copies bytes into a slot of <see cref="SecretMemory.Default"/>; the source stays the caller's to wipe.</summary>
    /// <param name="source">At most <see cref="SecretMemory.LargestLength"/> bytes.</param>
    /// <returns>A buffer that the caller owns and disposes.</returns>
    /// <exception cref="SecretMemoryExhaustedException">No slot of that size is free.</exception>
    public static SecretBuffer CopyOf(ReadOnlySpan<byte> source)
    {
        var copy = Allocate(source.Length);
        source.CopyTo(copy.Span);
        return copy;
    }

    /// <summary>Passes the secret to a new owner without a copy. This one is then empty: reading throws, disposing does nothing.</summary>
    /// <returns>The buffer that now owns the slot.</returns>
    /// <exception cref="ObjectDisposedException">The buffer was wiped or moved before.</exception>
    public SecretBuffer Move()
    {
        var address = Interlocked.Exchange(ref _address, 0);
        ObjectDisposedException.ThrowIf(address == 0, this);
        var moved = new SecretBuffer(_memory, address, _requested, _length);
        SimulatedSecrets.Current?.Moved(this, moved);
        return moved;
    }

    /// <summary>Shortens the buffer and zeroes what falls off its end; the slot stays as large as it is.</summary>
    /// <param name="length">The new length in bytes, 0 … <see cref="Length"/>.</param>
    /// <exception cref="ObjectDisposedException">The buffer was wiped or moved.</exception>
    public void Shrink(int length)
    {
        var bytes = Span;
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, bytes.Length);
        CryptographicOperations.ZeroMemory(bytes[length..]);
        _length = length;
    }

    /// <summary>Compares in a time that depends on the lengths only.</summary>
    /// <param name="other">The bytes to compare with.</param>
    /// <returns>Whether lengths and bytes are the same.</returns>
    /// <exception cref="ObjectDisposedException">The buffer was wiped or moved.</exception>
    public bool FixedTimeEquals(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(Span, other);

    /// <summary>Zeroes the bytes and returns the slot. Calling it again does nothing.</summary>
    public void Dispose()
    {
        var address = Interlocked.Exchange(ref _address, 0);
        if (address == 0)
            return;

        GC.SuppressFinalize(this);
        _memory.Release(address, _requested, leaked: false);
    }

    /// <summary>Says that there is a secret and how long it is; never a byte of it.</summary>
    /// <returns>For instance <c>secret of 32 bytes</c>.</returns>
    public override string ToString() => IsEmptied ? "secret, wiped or moved" : $"secret of {_length} bytes";
}
