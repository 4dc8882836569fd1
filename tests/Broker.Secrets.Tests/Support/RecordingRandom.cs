using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Broker.Secrets.Tests;

/// <summary>Randomness that a test can repeat, and that remembers what it gave: with it a test computes keys by itself.</summary>
internal sealed class RecordingRandom(ulong seed)
{
    private readonly List<byte[]> _fills = [];
    private ulong _block;

    /// <summary>What each call was given, in order.</summary>
    internal IReadOnlyList<byte[]> Fills => _fills;

    internal void Fill(Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[16];
        Span<byte> output = stackalloc byte[32];
        for (var rest = destination; !rest.IsEmpty; rest = rest[Math.Min(32, rest.Length)..])
        {
            BinaryPrimitives.WriteUInt64BigEndian(input, seed);
            BinaryPrimitives.WriteUInt64BigEndian(input[8..], _block++);
            SHA256.HashData(input, output);
            output[..Math.Min(32, rest.Length)].CopyTo(rest);
        }

        _fills.Add(destination.ToArray());
    }
}
