using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Secrets.Tests;

/// <summary>A link that drops, repeats, reorders and alters, in both directions, against a model of what must open.</summary>
public sealed class SessionOrderSpecs : GaugedSpecs
{
    private const int Count = 900;

    private readonly SealedMessage[][] _sent;

    public SessionOrderSpecs()
    {
        using var pair = new SessionPair();
        _sent = [Send(pair.Owner), Send(pair.Agent)];
    }

    /// <summary>What the link does to a message on the way.</summary>
    private enum Fate
    {
        Delivered,
        Altered,
        Reflected,
    }

    [Fact]
    public void Receiver_should_open_what_the_model_opens_and_nothing_else()
    {
        // Jumps relative to what is expected: mostly near, now and then at the edge of what may be skipped.
        var jump = Gen.Frequency((8, Gen.Choose(-3, 3)), (2, Gen.Choose(-300, 60)), (2, Gen.Choose(250, 260)));
        var step =
            from direction in Gen.Choose(0, 1)
            from distance in jump
            from fate in Gen.Frequency(
                (6, Gen.Constant(Fate.Delivered)), (1, Gen.Constant(Fate.Altered)), (1, Gen.Constant(Fate.Reflected)))
            select new Step(direction, distance, fate);

        Prop.ForAll(Gen.ListOf(step, 60).ToArbitrary(), Follow).QuickCheckThrowOnFailure();
    }

    private static SealedMessage[] Send(SessionContext from)
    {
        var body = new byte[4];
        return [.. Enumerable.Range(0, Count).Select(n =>
        {
            BinaryPrimitives.WriteInt32BigEndian(body, n);
            return from.Seal(Messages.Header, body, SystemRandom.Fill);
        })];
    }

    private void Follow(IEnumerable<Step> steps)
    {
        using var pair = new SessionPair();
        SessionContext[] receivers = [pair.Agent, pair.Owner];
        int[] expected = [0, 0];
        foreach (var (direction, jump, fate) in steps)
        {
            var number = expected[direction] + jump;
            if (number is < 0 or >= Count)
                continue;

            var code = Model(number, expected[direction], fate);
            var message = _sent[direction][number];
            if (fate == Fate.Altered)
                message = message with { Ciphertext = (byte[])[.. message.Ciphertext.Span[..^1], (byte)(message.Ciphertext.Span[^1] ^ 1)] };
            Assert.Equal(code, Open(receivers[fate == Fate.Reflected ? 1 - direction : direction], message, number));
            if (code is null)
                expected[direction] = number + 1;
        }
    }

    private static string? Model(int number, int expected, Fate fate) => (number - expected, fate) switch
    {
        (_, Fate.Reflected) => SessionFailure.WrongDirection,
        ( < 0, _) => SessionFailure.Replayed,
        ( > 256, _) => SessionFailure.TooFarAhead,
        (_, Fate.Altered) => SessionFailure.Altered,
        _ => null,
    };

    private static string? Open(SessionContext receiver, SealedMessage message, int number)
    {
        try
        {
            using var body = receiver.Open(message, out var header);
            Assert.Equal((ulong)number, header.Number);
            Assert.Equal(number, BinaryPrimitives.ReadInt32BigEndian(body.Span));
            return null;
        }
        catch (SessionException refusal)
        {
            return refusal.Code;
        }
    }

    private sealed record Step(int Direction, int Jump, Fate Fate);
}
