using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Ni = System.Runtime.Intrinsics.X86.Aes;
using Sse2 = System.Runtime.Intrinsics.X86.Sse2;

namespace Broker.MemoryScanner.Windows;

/// <summary>One block under AES-256 (FIPS 197) with a key that is used for nothing else, its schedule made on the way.</summary>
internal static unsafe class AesBlock
{
    [ThreadStatic]
    private static Aes? _aes;

    /// <summary>Encrypts a block.</summary>
    /// <param name="key">32 bytes, anywhere.</param>
    /// <param name="block">The block.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Encrypt(byte* key, Vector128<byte> block) =>
        Ni.IsSupported ? ByProcessor(key, block) : ByLibrary(key, block);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static Vector128<byte> ByProcessor(byte* key, Vector128<byte> block)
    {
        Vector128<byte> even = Vector128.Load(key), odd = Vector128.Load(key + 16);
        var state = Ni.Encrypt(block ^ even, odd);
        state = Two(state, ref even, ref odd, 0x01);
        state = Two(state, ref even, ref odd, 0x02);
        state = Two(state, ref even, ref odd, 0x04);
        state = Two(state, ref even, ref odd, 0x08);
        state = Two(state, ref even, ref odd, 0x10);
        state = Two(state, ref even, ref odd, 0x20);
        return Ni.EncryptLast(state, Even(even, odd, 0x40));
    }

    internal static Vector128<byte> ByLibrary(byte* key, Vector128<byte> block)
    {
        var aes = _aes ??= Aes.Create();
        aes.SetKey(new ReadOnlySpan<byte>(key, 32));
        Span<byte> bytes = stackalloc byte[16];
        block.CopyTo(bytes);
        aes.EncryptEcb(bytes, bytes, PaddingMode.None);
        return Vector128.Create<byte>(bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Two(
        Vector128<byte> state, ref Vector128<byte> even, ref Vector128<byte> odd, [ConstantExpected] byte constant)
    {
        even = Even(even, odd, constant);
        odd = Sums(odd) ^ Sse2.Shuffle(Ni.KeygenAssist(even, 0).AsInt32(), 0xAA).AsByte();
        return Ni.Encrypt(Ni.Encrypt(state, even), odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Even(Vector128<byte> even, Vector128<byte> odd, [ConstantExpected] byte constant) =>
        Sums(even) ^ Sse2.Shuffle(Ni.KeygenAssist(odd, constant).AsInt32(), 0xFF).AsByte();

    // Each word becomes the sum of itself and those before it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Sums(Vector128<byte> words)
    {
        words ^= Sse2.ShiftLeftLogical128BitLane(words, 4);
        return words ^ Sse2.ShiftLeftLogical128BitLane(words, 8);
    }
}
