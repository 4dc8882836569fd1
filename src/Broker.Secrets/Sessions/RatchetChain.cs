using Broker.Protocol.Encoding;

namespace Broker.Secrets;

/// <summary>
/// One direction's chain: each message has a key of its own, and the chain moves on by a one-way step, so that a captured state
/// opens no earlier message.
/// </summary>
internal sealed class RatchetChain : IDisposable
{
    private const int KeyLength = 32;
    private const int RandomLength = 16;

    private static readonly byte[] NextInfo = new EncWriter("broker/next/1").ToArray();

    private readonly SecretBuffer _chain;

    /// <summary>Begins at message <paramref name="next"/>, whose chain key is <paramref name="chain"/>, owned from here on.</summary>
    public RatchetChain(SecretBuffer chain, ulong next = 0) => (_chain, Next) = (chain, next);

    /// <summary>The number of the next message.</summary>
    public ulong Next { get; private set; }

    /// <summary>Bytes of locked memory that <see cref="Derive"/> works in.</summary>
    public static int WorkSize { get; } = 4 * KeyLength + Hkdf.ScratchSize(MessageInfo(0, new byte[RandomLength]).Length);

    /// <summary>The key of the message, in the memory that it was derived in.</summary>
    public static Span<byte> Key(SecretBuffer work) => work.Span.Slice(KeyLength, KeyLength);

    /// <summary>The commitment of the message, in the memory that it was derived in.</summary>
    public static Span<byte> Commitment(SecretBuffer work) => work.Span.Slice(2 * KeyLength, KeyLength);

    /// <summary>Derives key, commitment and the chain key that follows message <paramref name="number"/>, without moving.</summary>
    /// <param name="number">Not below <see cref="Next"/>; the caller bounds how far ahead.</param>
    /// <param name="random">The message's 16 random bytes.</param>
    /// <param name="work">Holds what is derived, and is the caller's to wipe; <see cref="WorkSize"/> bytes.</param>
    public void Derive(ulong number, ReadOnlySpan<byte> random, SecretBuffer work)
    {
        var following = work.Span[..KeyLength];
        var rest = work.Span[(3 * KeyLength)..];
        _chain.Span.CopyTo(following);
        for (var n = Next; n < number; n++)
        {
            Step(following, rest);
        }

        Hkdf.Expand(following, MessageInfo(number, random), work.Span[KeyLength..(3 * KeyLength)], rest);
        Step(following, rest);
    }

    /// <summary>Moves past message <paramref name="number"/>; the old chain key is overwritten.</summary>
    /// <param name="number">The message.</param>
    /// <param name="work">What was derived for it.</param>
    public void MoveTo(ulong number, SecretBuffer work)
    {
        work.Span[..KeyLength].CopyTo(_chain.Span);
        Next = number + 1;
    }

    public void Dispose() => _chain.Dispose();

    private static byte[] MessageInfo(ulong number, ReadOnlySpan<byte> random) =>
        new EncWriter("broker/msg/1").U64(number).Bytes(random).ToArray();

    private static void Step(Span<byte> chain, Span<byte> memory)
    {
        var next = memory[..KeyLength];
        Hkdf.Expand(chain, NextInfo, next, memory[KeyLength..]);
        next.CopyTo(chain);
    }
}
