using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Broker.MemoryScanner.Windows;

/// <summary>
/// SHA-256 (FIPS 180-4) of two sets of sixteen messages at once, a message in each lane of a vector: word t of a set is one vector. A round
/// waits for the one before it, so that two sets next to each other take little longer than one. Where the processor has narrower vectors,
/// the runtime makes two or four of each.
/// </summary>
internal static unsafe class Sha256Lanes
{
    /// <summary>Sets of messages.</summary>
    public const int Sets = 2;

    /// <summary>Messages of a set.</summary>
    public const int Lanes = 16;

    /// <summary>Words of a state.</summary>
    public const int StateWords = 8;

    /// <summary>Words of a block.</summary>
    public const int BlockWords = 16;

    /// <summary>Words of a schedule: one a round.</summary>
    public const int Rounds = 64;

    private static readonly uint[] Initial =
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];

    private static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Sets the state of both sets to that before the first block.</summary>
    /// <param name="state">Eight words of the first set, then eight of the second.</param>
    public static void Begin(Vector512<uint>* state)
    {
        for (var i = 0; i < Sets * StateWords; i++)
            state[i] = Vector512.Create(Initial[i % StateWords]);
    }

    /// <summary>Makes of a block's sixteen words, which each schedule begins with, what each round adds.</summary>
    /// <param name="words">The schedule of the first set, then that of the second.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Schedule(Vector512<uint>* words)
    {
        var others = words + Rounds;
        for (var t = BlockWords; t < Rounds; t++)
        {
            words[t] = words[t - 16] + Early(words[t - 15]) + words[t - 7] + Late(words[t - 2]);
            others[t] = others[t - 16] + Early(others[t - 15]) + others[t - 7] + Late(others[t - 2]);
        }

        for (var t = 0; t < Rounds; t++)
        {
            var constant = Vector512.Create(Constants[t]);
            words[t] += constant;
            others[t] += constant;
        }
    }

    /// <summary>Moves the state by one block.</summary>
    /// <param name="state">As in <see cref="Begin"/>.</param>
    /// <param name="first">What <see cref="Schedule"/> made of the first set's block.</param>
    /// <param name="second">The same of the second set's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(Vector512<uint>* state, Vector512<uint>* first, Vector512<uint>* second)
    {
        var other = state + StateWords;
        Vector512<uint> a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        Vector512<uint> p = other[0], q = other[1], r = other[2], s = other[3], t = other[4], u = other[5], v = other[6], w = other[7];
        for (var end = first + Rounds; first < end; first += 8, second += 8)
        {
            Round(a, b, c, ref d, e, f, g, ref h, first[0]);
            Round(p, q, r, ref s, t, u, v, ref w, second[0]);
            Round(h, a, b, ref c, d, e, f, ref g, first[1]);
            Round(w, p, q, ref r, s, t, u, ref v, second[1]);
            Round(g, h, a, ref b, c, d, e, ref f, first[2]);
            Round(v, w, p, ref q, r, s, t, ref u, second[2]);
            Round(f, g, h, ref a, b, c, d, ref e, first[3]);
            Round(u, v, w, ref p, q, r, s, ref t, second[3]);
            Round(e, f, g, ref h, a, b, c, ref d, first[4]);
            Round(t, u, v, ref w, p, q, r, ref s, second[4]);
            Round(d, e, f, ref g, h, a, b, ref c, first[5]);
            Round(s, t, u, ref v, w, p, q, ref r, second[5]);
            Round(c, d, e, ref f, g, h, a, ref b, first[6]);
            Round(r, s, t, ref u, v, w, p, ref q, second[6]);
            Round(b, c, d, ref e, f, g, h, ref a, first[7]);
            Round(q, r, s, ref t, u, v, w, ref p, second[7]);
        }

        Add(state, a, b, c, d, e, f, g, h);
        Add(other, p, q, r, s, t, u, v, w);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        Vector512<uint>* state, Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, Vector512<uint> h)
    {
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Early(Vector512<uint> word) => Xor(Right(word, 7), Right(word, 18), word >>> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Late(Vector512<uint> word) => Xor(Right(word, 17), Right(word, 19), word >>> 10);

    // Instead of moving eight variables on by one, the next round takes them in the next order: only d and h change.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d,
        Vector512<uint> e, Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, Vector512<uint> added)
    {
        var first = h + added + Xor(Right(e, 6), Right(e, 11), Right(e, 25)) + Vector512.ConditionalSelect(e, f, g);
        d += first;
        h = first + Xor(Right(a, 2), Right(a, 13), Right(a, 22)) + Majority(a, b, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Right(Vector512<uint> value, [ConstantExpected] byte count) => Avx512F.IsSupported
        ? Avx512F.RotateRight(value, count)
        : (value >>> count) | (value << (32 - count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.IsSupported
        ? Avx512F.TernaryLogic(a, b, c, 0x96)
        : a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Majority(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.IsSupported
        ? Avx512F.TernaryLogic(a, b, c, 0xE8)
        : (a & b) | (c & (a | b));
}
