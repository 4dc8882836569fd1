using System.Runtime.CompilerServices;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

public sealed class RatchetChainSpecs : GaugedSpecs
{
    private static readonly byte[] Random = new byte[16];

    [Fact]
    public void State_taken_after_a_message_should_open_the_next_but_not_that_one()
    {
        using var pair = new SessionPair();
        var messages = Enumerable.Range(0, 4).Select(_ => pair.Owner.Seal(Messages.Header, "secret"u8, SystemRandom.Fill)).ToArray();
        for (var n = 0ul; n < 3; n++)
        {
            // The thief has the state after message n, and may give it any number.
            Assert.Equal(SessionFailure.WrongKey, OpenWith(StateAfter(n), first: n, messages[n]));
            Assert.Equal(SessionFailure.WrongKey, OpenWith(StateAfter(n), first: 0, messages[n]));
            Assert.Equal(SessionFailure.Replayed, OpenWith(StateAfter(n), first: n + 1, messages[n]));
            Assert.Null(OpenWith(StateAfter(n), first: n + 1, messages[n + 1]));
        }
    }

    [Fact]
    public void Deriving_should_not_move_and_should_not_depend_on_the_way()
    {
        using var straight = new RatchetChain(SessionPair.ChainKey(1));
        using var stepwise = new RatchetChain(SessionPair.ChainKey(1));
        using var direct = Work();
        using var again = Work();
        using var walked = Work();

        straight.Derive(5, Random, direct);
        straight.Derive(5, Random, again);
        for (var n = 0ul; n < 5; n++)
        {
            stepwise.Derive(n, Random, walked);
            stepwise.MoveTo(n, walked);
        }

        stepwise.Derive(5, Random, walked);
        Assert.Equal((0ul, 5ul), (straight.Next, stepwise.Next));
        Assert.Equal(Derived(direct), Derived(again));
        Assert.Equal(Derived(direct), Derived(walked));
    }

    [Fact]
    public void Keys_should_differ_by_number_and_by_random_bytes()
    {
        using var chain = new RatchetChain(SessionPair.ChainKey(1));
        using var work = Work();
        var (seen, following) = (new HashSet<string>(), new HashSet<string>());
        for (var n = 0ul; n < 50; n++)
        {
            foreach (var random in (byte[][])[Random, [.. Random[1..], 1]])
            {
                chain.Derive(n, random, work);
                Assert.True(seen.Add(Convert.ToHexString(RatchetChain.Key(work))));
                Assert.True(seen.Add(Convert.ToHexString(RatchetChain.Commitment(work))));
                following.Add(Convert.ToHexString(work.Span[..32]));
            }
        }

        Assert.Equal(50, following.Count);
        Assert.Empty(following.Intersect(seen));
    }

    [Fact]
    [Trait("Invariant", "I4")]
    public void Chain_key_should_be_nowhere_in_memory_once_it_was_used()
    {
        var needle = ReplaceChain(out var chain, out var whileHeld);
        using (chain)
        {
            Assert.True(whileHeld > 0, "the scanner must find a secret that is held on purpose");
            Assert.Equal(0, OwnMemory.Count(needle));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] ReplaceChain(out RatchetChain chain, out int whileHeld)
    {
        var key = SecretBuffer.Allocate(32);
        SystemRandom.Fill(key.Span);
        var needle = OwnMemory.Masked(key.Span);
        chain = new RatchetChain(key);
        whileHeld = OwnMemory.Count(needle);
        using var work = Work();
        chain.Derive(3, Random, work);
        chain.MoveTo(3, work);
        return needle;
    }

    private static SecretBuffer Work() => SecretBuffer.Allocate(RatchetChain.WorkSize);

    // The chain key that follows, key and commitment; what comes after them was only worked in.
    private static Span<byte> Derived(SecretBuffer work) => work.Span[..96];

    /// <summary>The chain key after message <paramref name="number"/>, worked out by hand.</summary>
    private static byte[] StateAfter(ulong number)
    {
        byte[] chain = [.. Enumerable.Repeat((byte)1, 32)];
        for (var n = 0ul; n <= number; n++)
            chain = Independent.Expand(chain, Independent.Enc("broker/next/1"), 32);
        return chain;
    }

    private static string? OpenWith(byte[] state, ulong first, SealedMessage message)
    {
        var chains = (new RatchetChain(SecretBuffer.CopyOf(state), first), new RatchetChain(SessionPair.ChainKey(2)));
        using var thief = new SessionContext(Digest.Of("session"u8), chains, owner: false);
        try
        {
            thief.Open(message, out _).Dispose();
            return null;
        }
        catch (SessionException refusal)
        {
            return refusal.Code;
        }
    }
}
