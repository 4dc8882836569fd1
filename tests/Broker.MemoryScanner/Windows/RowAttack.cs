using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Broker.MemoryScanner.Windows;

/// <summary>
/// What is known of the rows of one customer, to try a window on as the customer's secret and as the key of any of them. No window is
/// left out for what it looks like; only of many that are nothing but zeros one is tried.
/// </summary>
public sealed unsafe class RowAttack
{
    /// <summary>Bytes of a window: a 256-bit key.</summary>
    public const int Length = 32;

    private readonly ExpandLanes _secret;
    private readonly Vector128<byte> _counter;
    private readonly Vector128<byte>[] _keystreams;

    /// <summary>An attack on rows.</summary>
    /// <param name="info">The info with which HKDF-Expand makes a row's key of the secret.</param>
    /// <param name="commitment">What it makes behind that key: 32 bytes, which the row shows.</param>
    /// <param name="counter">The 16 bytes that are encrypted to cover the first block of each row.</param>
    /// <param name="keystreams">What they encrypt to, for each row: 16 bytes of its ciphertext, with its plaintext taken away.</param>
    public RowAttack(ReadOnlySpan<byte> info, ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> counter, IEnumerable<byte[]> keystreams)
    {
        ArgumentNullException.ThrowIfNull(keystreams);
        _secret = new ExpandLanes(info, commitment);
        _counter = Vector128.Create(counter);
        _keystreams = [.. keystreams.Select(static k => Vector128.Create<byte>(k))];
    }

    /// <summary>Tries the windows of some memory.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="stride">Bytes from one window to the next.</param>
    /// <param name="hits">Takes the offsets of those that opened something.</param>
    /// <returns>Windows that were tried.</returns>
    public long Try(ReadOnlySpan<byte> memory, int stride, ICollection<int> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        fixed (byte* start = memory)
            return Try(start, memory.Length, stride, hits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Try(byte* memory, int length, int stride, ICollection<int> hits)
    {
        var offsets = stackalloc int[ExpandLanes.Keys];
        var (gathered, tried, zeros) = (0, 0L, false);
        for (var at = 0; at <= length - Length; at += stride)
        {
            if (Vector256.Load(memory + at) == Vector256<byte>.Zero)
            {
                if (zeros)
                    continue;
                zeros = true;
            }

            tried++;
            offsets[gathered++] = at;
            if (gathered == ExpandLanes.Keys)
            {
                Batch(memory, offsets, gathered, hits);
                gathered = 0;
            }
        }

        if (gathered > 0)
        {
            for (var more = gathered; more < ExpandLanes.Keys; more++)
                offsets[more] = offsets[0];
            Batch(memory, offsets, gathered, hits);
        }

        return tried;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void Batch(byte* memory, int* offsets, int count, ICollection<int> hits)
    {
        var keys = stackalloc Vector512<uint>[ExpandLanes.KeyVectors];
        var words = (uint*)keys;
        for (var n = 0; n < ExpandLanes.Keys; n++)
        {
            var window = (uint*)(memory + offsets[n]);
            var (set, lane) = (n / Sha256Lanes.Lanes, n % Sha256Lanes.Lanes);
            for (var i = 0; i < Sha256Lanes.StateWords; i++)
            {
                words[(((set * Sha256Lanes.StateWords) + i) * Sha256Lanes.Lanes) + lane] =
                    BinaryPrimitives.ReverseEndianness(window[i]);
            }
        }

        var opened = _secret.Match(keys);
        for (var n = 0; n < count; n++)
        {
            var block = AesBlock.Encrypt(memory + offsets[n], _counter);
            foreach (var keystream in _keystreams)
            {
                if (block == keystream)
                    opened |= 1u << n;
            }
        }

        if (opened == 0)
            return;
        for (var n = 0; n < count; n++)
        {
            if ((opened & (1u << n)) != 0)
                hits.Add(offsets[n]);
        }
    }
}
