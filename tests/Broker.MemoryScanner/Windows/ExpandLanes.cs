using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Broker.MemoryScanner.Windows;

/// <summary>
/// The second block of HKDF-Expand (RFC 5869, SHA-256) under 32 keys of 32 bytes at once, compared with what it should be: eight blocks of
/// SHA-256 a key.
/// </summary>
internal sealed unsafe class ExpandLanes
{
    private const uint InnerPad = 0x36363636;
    private const uint OuterPad = 0x5c5c5c5c;
    private const int BlockBytes = 64;
    private const int DigestBytes = 32;

    // What does not depend on the key is scheduled once: all blocks of the first message, and all but the first of the second.
    private readonly Vector512<uint>[] _first;
    private readonly uint[] _second;
    private readonly Vector512<uint>[] _secondsRest;
    private readonly uint[] _wanted;

    /// <summary>Prepares for keys of which the second block is known.</summary>
    /// <param name="info">The info of HKDF-Expand.</param>
    /// <param name="wanted">The 32 bytes that the right key expands to after the first 32.</param>
    public ExpandLanes(ReadOnlySpan<byte> info, ReadOnlySpan<byte> wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(wanted.Length, DigestBytes, nameof(wanted));
        _first = Scheduled(Padded([.. info, 1]));
        // The first half of its first block is the digest of the first message.
        var second = Padded([.. new byte[DigestBytes], .. info, 2]);
        _second = second[Sha256Lanes.StateWords..Sha256Lanes.BlockWords];
        _secondsRest = Scheduled(second[Sha256Lanes.BlockWords..]);
        _wanted = Words(wanted);
    }

    /// <summary>Keys at once.</summary>
    public const int Keys = Sha256Lanes.Sets * Sha256Lanes.Lanes;

    /// <summary>Vectors that hold the keys: eight words of a set, then of the next.</summary>
    public const int KeyVectors = Sha256Lanes.Sets * Sha256Lanes.StateWords;

    /// <summary>Which of the keys expand to what is wanted: bit n for key n.</summary>
    /// <param name="keys">The keys; key n is in lane n mod 16 of set n / 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public uint Match(Vector512<uint>* keys)
    {
        var words = stackalloc Vector512<uint>[Sha256Lanes.Sets * Sha256Lanes.Rounds];
        var inner = stackalloc Vector512<uint>[KeyVectors];
        var outer = stackalloc Vector512<uint>[KeyVectors];
        var state = stackalloc Vector512<uint>[KeyVectors];
        Keyed(keys, InnerPad, words, inner);
        Keyed(keys, OuterPad, words, outer);

        Copy(inner, state);
        Blocks(state, _first);
        Finish(state, outer, words);

        Put(state, words);
        for (var set = 0; set < Sha256Lanes.Sets; set++)
        {
            for (var i = 0; i < _second.Length; i++)
                words[(set * Sha256Lanes.Rounds) + Sha256Lanes.StateWords + i] = Vector512.Create(_second[i]);
        }

        Copy(inner, state);
        Block(state, words);
        Blocks(state, _secondsRest);
        Finish(state, outer, words);

        var matched = 0u;
        for (var set = 0; set < Sha256Lanes.Sets; set++)
        {
            var same = Vector512<uint>.AllBitsSet;
            for (var i = 0; i < Sha256Lanes.StateWords; i++)
                same &= Vector512.Equals(state[(set * Sha256Lanes.StateWords) + i], Vector512.Create(_wanted[i]));
            matched |= (uint)same.ExtractMostSignificantBits() << (set * Sha256Lanes.Lanes);
        }

        return matched;
    }

    private static void Keyed(Vector512<uint>* keys, uint pad, Vector512<uint>* words, Vector512<uint>* state)
    {
        var pads = Vector512.Create(pad);
        for (var i = 0; i < KeyVectors; i++)
            state[i] = keys[i] ^ pads;
        Put(state, words);
        for (var set = 0; set < Sha256Lanes.Sets; set++)
        {
            for (var i = Sha256Lanes.StateWords; i < Sha256Lanes.BlockWords; i++)
                words[(set * Sha256Lanes.Rounds) + i] = pads;
        }

        Sha256Lanes.Begin(state);
        Block(state, words);
    }

    private static void Block(Vector512<uint>* state, Vector512<uint>* words)
    {
        Sha256Lanes.Schedule(words);
        Sha256Lanes.Compress(state, words, words + Sha256Lanes.Rounds);
    }

    private static void Blocks(Vector512<uint>* state, Vector512<uint>[] scheduled)
    {
        fixed (Vector512<uint>* start = scheduled)
        {
            for (var at = 0; at < scheduled.Length; at += Sha256Lanes.Rounds)
                Sha256Lanes.Compress(state, start + at, start + at);
        }
    }

    // The outer hash: one block behind the padded key, with the inner digest, a one-bit and the length.
    private static void Finish(Vector512<uint>* state, Vector512<uint>* outer, Vector512<uint>* words)
    {
        Put(state, words);
        for (var set = 0; set < Sha256Lanes.Sets; set++)
        {
            var rest = words + (set * Sha256Lanes.Rounds);
            rest[Sha256Lanes.StateWords] = Vector512.Create(0x80000000u);
            for (var i = Sha256Lanes.StateWords + 1; i < Sha256Lanes.BlockWords - 1; i++)
                rest[i] = Vector512<uint>.Zero;
            rest[Sha256Lanes.BlockWords - 1] = Vector512.Create((uint)(8 * (BlockBytes + DigestBytes)));
        }

        Copy(outer, state);
        Block(state, words);
    }

    private static void Copy(Vector512<uint>* from, Vector512<uint>* to)
    {
        for (var i = 0; i < KeyVectors; i++)
            to[i] = from[i];
    }

    // A state becomes the first half of each set's block.
    private static void Put(Vector512<uint>* state, Vector512<uint>* words)
    {
        for (var i = 0; i < KeyVectors; i++)
            words[(i / Sha256Lanes.StateWords * Sha256Lanes.Rounds) + (i % Sha256Lanes.StateWords)] = state[i];
    }

    // The words of a message behind a padded key, with a one-bit and the length at its end.
    private static uint[] Padded(byte[] message)
    {
        var padded = new byte[(message.Length + 1 + sizeof(ulong) + BlockBytes - 1) / BlockBytes * BlockBytes];
        message.CopyTo(padded, 0);
        padded[message.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(padded.AsSpan(^sizeof(ulong)), 8 * (ulong)(BlockBytes + message.Length));
        return Words(padded);
    }

    private static uint[] Words(ReadOnlySpan<byte> bytes)
    {
        var words = new uint[bytes.Length / sizeof(uint)];
        for (var i = 0; i < words.Length; i++)
            words[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(sizeof(uint) * i)..]);
        return words;
    }

    private static Vector512<uint>[] Scheduled(uint[] words)
    {
        var blocks = words.Length / Sha256Lanes.BlockWords;
        var scheduled = new Vector512<uint>[blocks * Sha256Lanes.Rounds];
        var both = stackalloc Vector512<uint>[Sha256Lanes.Sets * Sha256Lanes.Rounds];
        for (var block = 0; block < blocks; block++)
        {
            for (var i = 0; i < Sha256Lanes.BlockWords; i++)
                both[i] = both[Sha256Lanes.Rounds + i] = Vector512.Create(words[(block * Sha256Lanes.BlockWords) + i]);
            Sha256Lanes.Schedule(both);
            new ReadOnlySpan<Vector512<uint>>(both, Sha256Lanes.Rounds).CopyTo(scheduled.AsSpan(block * Sha256Lanes.Rounds));
        }

        return scheduled;
    }
}
