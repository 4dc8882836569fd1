using Broker.Protocol.Encoding;

namespace Broker.Secrets;

/// <summary>
/// One direction's chain: each message has a key of its own, and the chain moves on by a one-way step, so that a captured state
/// opens no earlier message.
/// </summary>
internal sealed class RatchetChain : IDisposable
{
    private const int KeyLength = 32;

    private static readonly byte[] NextInfo = new EncWriter("broker/next/1").ToArray();

    private readonly SecretBuffer _chain;

    /// <summary>Begins at message <paramref name="next"/>, whose chain key is <paramref name="chain"/>, owned from here on.</summary>
    public RatchetChain(SecretBuffer chain, ulong next = 0) => (_chain, Next) = (chain, next);

    /// <summary>The number of the next message.</summary>
    public ulong Next { get; private set; }

    /// <summary>Derives <c>key ‖ commitment</c> of message <paramref name="number"/> without moving.</summary>
    /// <param name="number">Not below <see cref="Next"/>; the caller bounds how far ahead.</param>
    /// <param name="random">The message's 16 random bytes.</param>
    /// <param name="following">Receives the chain key after that message; locked memory.</param>
    /// <returns>64 bytes, owned by the caller.</returns>
    public SecretBuffer Derive(ulong number, ReadOnlySpan<byte> random, Span<byte> following)
    {
        _chain.Span.CopyTo(following);
        for (var n = Next; n < number; n++)
        {
            Step(following);
        }

        var info = new EncWriter("broker/msg/1").U64(number).Bytes(random).ToArray();
        var keys = SecretBuffer.Allocate(2 * KeyLength);
        try
        {
            Hkdf.Expand(following, info, keys.Span);
            Step(following);
            return keys;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    /// <summary>Moves past message <paramref name="number"/>; the old chain key is overwritten.</summary>
    public void MoveTo(ulong number, ReadOnlySpan<byte> following)
    {
        following.CopyTo(_chain.Span);
        Next = number + 1;
    }

    public void Dispose() => _chain.Dispose();

    private static void Step(Span<byte> chain)
    {
        using var next = SecretBuffer.Allocate(KeyLength);
        Hkdf.Expand(chain, NextInfo, next.Span);
        next.Span.CopyTo(chain);
    }
}
