using Broker.Actors;

namespace Broker.TestKit;

/// <summary>The same bytes for the same seed (xorshift64*). For tests only.</summary>
public sealed class SeededRandom(int seed) : RandomSource
{
    private readonly Lock _gate = new();
    private ulong _state = unchecked((ulong)seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) | 1;

    public override void Fill(Span<byte> destination)
    {
        lock (_gate)
        {
            foreach (ref var one in destination)
            {
                _state ^= _state >> 12;
                _state ^= _state << 25;
                _state ^= _state >> 27;
                one = (byte)(unchecked(_state * 0x2545F4914F6CDD1D) >> 56);
            }
        }
    }

    /// <summary>From 0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)(NextUInt64() % (ulong)bound);
}
