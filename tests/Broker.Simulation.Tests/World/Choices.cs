using Broker.Actors;

namespace Broker.Simulation.Tests;

/// <summary>
/// The choices that a seed makes (splitmix64). One for the order of turns, others beside it, so that leaving out a fault moves nothing
/// else.
/// </summary>
internal sealed class Choices(ulong seed) : RandomSource
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From 0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)((Next() >> 32) * (ulong)bound >> 32);

    public bool OneIn(int bound) => Below(bound) == 0;

    /// <summary>When set, fills of so many bytes are always the same: a seeded fault.</summary>
    public int? Repeats { get; set; }

    public override void Fill(Span<byte> destination)
    {
        if (destination.Length == Repeats)
        {
            destination.Fill(0x2A);
            return;
        }

        while (destination.Length >= sizeof(ulong))
        {
            BitConverter.TryWriteBytes(destination, Next());
            destination = destination[sizeof(ulong)..];
        }

        if (!destination.IsEmpty)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            BitConverter.TryWriteBytes(last, Next());
            last[..destination.Length].CopyTo(destination);
        }
    }
}
