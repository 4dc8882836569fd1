using System.Runtime.InteropServices;

namespace Broker.Simulation.Tests;

/// <summary>A fast hash of bytes to 64 bits, for worlds in which nobody is an adversary.</summary>
internal static class Mix
{
    public static ulong Of(ReadOnlySpan<byte> data, ulong seed)
    {
        unchecked
        {
            var hash = seed ^ ((ulong)data.Length * 0x9E3779B97F4A7C15);
            var words = MemoryMarshal.Cast<byte, ulong>(data);
            foreach (var word in words)
            {
                hash = Step(hash, word);
            }

            var rest = data[(words.Length * sizeof(ulong))..];
            ulong last = 0;
            for (var i = 0; i < rest.Length; i++)
            {
                last |= (ulong)rest[i] << (8 * i);
            }

            return Finish(Step(hash, last));
        }
    }

    public static ulong Step(ulong hash, ulong word)
    {
        unchecked
        {
            hash ^= word * 0xBF58476D1CE4E5B9;
            hash = (hash << 27) | (hash >> 37);
            return (hash * 0x94D049BB133111EB) + 0x2545F4914F6CDD1D;
        }
    }

    public static ulong Finish(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>Fills bytes with what follows from a hash.</summary>
    public static void Fill(Span<byte> destination, ulong hash)
    {
        unchecked
        {
            for (; destination.Length >= sizeof(ulong); destination = destination[sizeof(ulong)..])
            {
                MemoryMarshal.Write(destination, Finish(hash += 0x9E3779B97F4A7C15));
            }

            hash = Finish(hash + 0x9E3779B97F4A7C15);
            for (var i = 0; i < destination.Length; i++)
            {
                destination[i] = (byte)(hash >> (8 * i));
            }
        }
    }
}
