using System.Buffers.Binary;

namespace Broker.Actors;

/// <summary>Where all randomness of a system comes from; the system's own in production, seeded in tests.</summary>
public abstract class RandomSource
{
    /// <summary>The kernel's generator, by <c>getrandom(2)</c> straight into the destination: no copy is left anywhere.</summary>
    public static RandomSource System { get; } = new KernelRandomSource();

    /// <summary>Fills the destination with random bytes. Safe from any thread.</summary>
    public abstract void Fill(Span<byte> destination);

    /// <summary>A random number; not for keys, whose bytes belong into locked memory by <see cref="Fill"/>.</summary>
    public ulong NextUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A number from 0 (inclusive) to 1 (exclusive), for jitter.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));
}
