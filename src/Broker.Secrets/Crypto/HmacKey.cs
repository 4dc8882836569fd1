using System.Runtime.InteropServices;
using State = Broker.Secrets.LibCrypto.Sha256State;

namespace Broker.Secrets;

/// <summary>
/// HMAC with SHA-256 (RFC 2104) under one key, for several short messages: the key is hashed once. It lies wholly in the memory that it
/// is given, which is locked; whoever gives it wipes it.
/// </summary>
internal readonly ref struct HmacKey
{
    private const int BlockSize = 64;

    private readonly ref Workspace _work;

    /// <summary>Takes a key.</summary>
    /// <param name="key">Any length.</param>
    /// <param name="memory">At least <see cref="Size"/> bytes of locked memory, all zero.</param>
    public HmacKey(ReadOnlySpan<byte> key, Span<byte> memory)
    {
        _work = ref MemoryMarshal.AsRef<Workspace>(memory);
        Span<byte> pad = _work.Pad;
        if (key.Length > BlockSize)
        {
            LibCrypto.Begin(ref _work.Running);
            LibCrypto.Append(ref _work.Running, key);
            LibCrypto.End(ref _work.Running, pad);
        }
        else
        {
            key.CopyTo(pad);
        }

        Begin(ref _work.Inner, pad, 0x36);
        Begin(ref _work.Outer, pad, 0x36 ^ 0x5c);
    }

    private HmacKey(ref Workspace work) => _work = ref work;

    /// <summary>Bytes of memory that it needs.</summary>
    public static unsafe int Size => sizeof(Workspace);

    /// <summary>A key that was taken into this memory before.</summary>
    public static HmacKey In(Span<byte> memory) => new(ref MemoryMarshal.AsRef<Workspace>(memory));

    /// <summary>The HMAC of a message.</summary>
    /// <param name="message">Any length; may be what <paramref name="mac"/> will be written over.</param>
    /// <param name="mac">Receives 32 bytes.</param>
    public void Hash(ReadOnlySpan<byte> message, Span<byte> mac)
    {
        _work.Running = _work.Inner;
        LibCrypto.Append(ref _work.Running, message);
        LibCrypto.End(ref _work.Running, mac);
        _work.Running = _work.Outer;
        LibCrypto.Append(ref _work.Running, mac[..Hkdf.HashSize]);
        LibCrypto.End(ref _work.Running, mac);
    }

    private static void Begin(ref State state, Span<byte> pad, byte with)
    {
        foreach (ref var b in pad)
            b ^= with;
        LibCrypto.Begin(ref state);
        LibCrypto.Append(ref state, pad);
    }

    [System.Runtime.CompilerServices.InlineArray(BlockSize)]
    private struct Block
    {
        private byte _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Workspace
    {
        public Block Pad;
        public State Inner;
        public State Outer;
        public State Running;
    }
}
