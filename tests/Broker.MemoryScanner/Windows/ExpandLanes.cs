using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Broker.MemoryScanner.Windows;

/// <summary>
/// The second block of HKDF-Expand (RFC 5869, SHA-256) under sixteen keys of 32 bytes at once, compared with what it should be: eight
/// blocks of SHA-256 a key.
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

    /// <summary>Which of the keys expand to what is wanted: bit n for lane n.</summary>
    /// <param name="key">Eight words of sixteen keys.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public ushort Match(Vector512<uint>* key)
    {
        var words = stackalloc Vector512<uint>[Sha256Lanes.Rounds];
        var inner = stackalloc Vector512<uint>[Sha256Lanes.StateWords];
        var outer = stackalloc Vector512<uint>[Sha256Lanes.StateWords];
        var state = stackalloc Vector512<uint>[Sha256Lanes.StateWords];
        Keyed(key, InnerPad, words, inner);
        Keyed(key, OuterPad, words, outer);

        Copy(inner, state);
        Blocks(state, _first);
        Finish(state, outer, words);

        Copy(state, words);
        for (var i = 0; i < _second.Length; i++)
            words[Sha256Lanes.StateWords + i] = Vector512.Create(_second[i]);
        Copy(inner, state);
        Sha256Lanes.Schedule(words);
        Sha256Lanes.Compress(state, words);
        Blocks(state, _secondsRest);
        Finish(state, outer, words);

        var same = Vector512.Equals(state[0], Vector512.Create(_wanted[0]));
        for (var i = 1; i < Sha256Lanes.StateWords; i++)
            same &= Vector512.Equals(state[i], Vector512.Create(_wanted[i]));
        return (ushort)same.ExtractMostSignificantBits();
    }

    private static void Keyed(Vector512<uint>* key, uint pad, Vector512<uint>* words, Vector512<uint>* state)
    {
        var pads = Vector512.Create(pad);
        for (var i = 0; i < Sha256Lanes.StateWords; i++)
        {
            words[i] = key[i] ^ pads;
            words[Sha256Lanes.StateWords + i] = pads;
        }

        Sha256Lanes.Begin(state);
        Sha256Lanes.Schedule(words);
        Sha256Lanes.Compress(state, words);
    }

    private static void Blocks(Vector512<uint>* state, Vector512<uint>[] scheduled)
    {
        fixed (Vector512<uint>* start = scheduled)
        {
            for (var at = 0; at < scheduled.Length; at += Sha256Lanes.Rounds)
                Sha256Lanes.Compress(state, start + at);
        }
    }

    // The outer hash: one block behind the padded key, with the inner digest, a one-bit and the length.
    private static void Finish(Vector512<uint>* state, Vector512<uint>* outer, Vector512<uint>* words)
    {
        Copy(state, words);
        words[Sha256Lanes.StateWords] = Vector512.Create(0x80000000u);
        for (var i = Sha256Lanes.StateWords + 1; i < Sha256Lanes.BlockWords - 1; i++)
            words[i] = Vector512<uint>.Zero;
        words[Sha256Lanes.BlockWords - 1] = Vector512.Create((uint)(8 * (BlockBytes + DigestBytes)));
        Copy(outer, state);
        Sha256Lanes.Schedule(words);
        Sha256Lanes.Compress(state, words);
    }

    private static void Copy(Vector512<uint>* from, Vector512<uint>* to)
    {
        for (var i = 0; i < Sha256Lanes.StateWords; i++)
            to[i] = from[i];
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
        fixed (Vector512<uint>* start = scheduled)
        {
            for (var block = 0; block < blocks; block++)
            {
                var at = start + (block * Sha256Lanes.Rounds);
                for (var i = 0; i < Sha256Lanes.BlockWords; i++)
                    at[i] = Vector512.Create(words[(block * Sha256Lanes.BlockWords) + i]);
                Sha256Lanes.Schedule(at);
            }
        }

        return scheduled;
    }
}
