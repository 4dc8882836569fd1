namespace Broker.Secrets.Tests;

public sealed class SessionContextSpecs : GaugedSpecs
{
    private readonly SessionPair _pair;

    public SessionContextSpecs() => _pair = Keep(new SessionPair());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1 << 20)]
    public void Body_should_arrive_with_its_header(int length)
    {
        using var body = SecretBuffer.Allocate(length);
        SystemRandom.Fill(body.Span);

        using var opened = _pair.Agent.Open(_pair.Owner.Seal(Messages.Header, body.Span, SystemRandom.Fill), out var header);

        Assert.True(opened.FixedTimeEquals(body.Span));
        var expected = Messages.Header with { Transcript = _pair.Owner.Transcript, Direction = "o2a", Number = 0, Items = header.Items };
        Assert.Equal(expected, header);
        Assert.Equal(Messages.Header.Items, header.Items);
    }

    [Fact]
    public void Message_should_open_once()
    {
        var message = Seal();
        AssertOpens(message);

        AssertRefused(SessionFailure.Replayed, message);
        AssertOpens(Seal());
        AssertRefused(SessionFailure.Replayed, message);
    }

    [Fact]
    public void Message_should_not_open_where_it_came_from_or_in_another_session()
    {
        using var other = new SessionPair(o2a: 3, a2o: 4, transcript: "other");
        using var sameTranscript = new SessionPair(o2a: 3, a2o: 4);
        var message = Seal();

        Assert.Equal(SessionFailure.WrongDirection, Refusal(_pair.Owner, message));
        Assert.Equal(SessionFailure.WrongTranscript, Refusal(other.Agent, message));
        Assert.Equal(SessionFailure.WrongKey, Refusal(sameTranscript.Agent, message));
        AssertOpens(message);
    }

    [Fact]
    public void Message_up_to_256_ahead_should_open_and_take_the_skipped_with_it()
    {
        var messages = Enumerable.Range(0, 600).Select(_ => Seal()).ToArray();

        AssertRefused(SessionFailure.TooFarAhead, messages[257]);
        AssertOpens(messages[256]);
        AssertRefused(SessionFailure.Replayed, messages[0]);
        AssertRefused(SessionFailure.Replayed, messages[255]);
        AssertRefused(SessionFailure.TooFarAhead, messages[514]);
        AssertOpens(messages[257]);
        AssertOpens(messages[514]);
        AssertOpens(messages[515]);
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Session_should_end_at_its_last_message()
    {
        const ulong Last = SessionContext.MaxMessages - 1;
        using var pair = new SessionPair(first: Last - 1);
        using var further = new SessionPair(first: Last);
        // Another end that does not stop at the limit, for what lies beyond it.
        var beyond = Renumbered(Seal(), SessionContext.MaxMessages);

        var first = pair.Owner.Seal(Messages.Header, "1"u8, SystemRandom.Fill);
        var last = pair.Owner.Seal(Messages.Header, "2"u8, SystemRandom.Fill);
        var refusal = Assert.Throws<SessionException>(() => pair.Owner.Seal(Messages.Header, "3"u8, SystemRandom.Fill));

        Assert.Equal(SessionFailure.Exhausted, refusal.Code);
        Assert.Equal(SessionFailure.Exhausted, Refusal(pair.Agent, beyond));
        pair.Agent.Open(first, out _).Dispose();
        pair.Agent.Open(last, out var header).Dispose();
        Assert.Equal(Last, header.Number);
        Assert.Equal(SessionFailure.Exhausted, Refusal(pair.Agent, beyond));
        Assert.Equal(SessionFailure.Replayed, Refusal(pair.Agent, last));
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Body_over_the_limit_should_be_neither_sealed_nor_opened()
    {
        var message = Seal();

        Assert.Throws<ArgumentException>(() =>
            _pair.Owner.Seal(Messages.Header, new byte[SessionContext.MaxBody + 1], SystemRandom.Fill));
        // Grown by a relay: the commitment is still good, and the memory for it must not be taken.
        AssertRefused(
            SessionFailure.Malformed,
            message with { Ciphertext = new byte[SessionContext.MaxBody + AesGcm256.TagSize + 1] });
        AssertOpens(message);
    }

    [Fact]
    [Trait("Invariant", "I5")]
    public void Disposed_context_should_do_nothing_any_more()
    {
        var message = Seal();
        _pair.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Seal());
        Assert.Throws<ObjectDisposedException>(() => _pair.Agent.Open(message, out _));
    }

    private static SealedMessage Renumbered(SealedMessage message, ulong number)
    {
        var header = Protocol.Statements.Statement.Read<Protocol.Session.MessageHeader>(message.Header.Span);
        return message with { Header = (header with { Number = number }).Encode() };
    }

    private static string Refusal(SessionContext context, SealedMessage message) =>
        Assert.Throws<SessionException>(() => context.Open(message, out _)).Code;

    private SealedMessage Seal() => _pair.Owner.Seal(Messages.Header, "secret"u8, SystemRandom.Fill);

    private void AssertRefused(string code, SealedMessage message) => Assert.Equal(code, Refusal(_pair.Agent, message));

    private void AssertOpens(SealedMessage message)
    {
        using var opened = _pair.Agent.Open(message, out _);
        Assert.True(opened.FixedTimeEquals("secret"u8));
    }
}
