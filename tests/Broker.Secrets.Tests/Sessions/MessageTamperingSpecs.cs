using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;

namespace Broker.Secrets.Tests;

/// <summary>What a relay may do to a message. After each attempt the good message still opens: no refusal moves the state.</summary>
public sealed class MessageTamperingSpecs : GaugedSpecs
{
    private readonly SessionPair _pair;
    private readonly SealedMessage _message;

    public MessageTamperingSpecs()
    {
        _pair = Keep(new SessionPair());
        _message = Seal();
    }

    public static TheoryData<string, Func<MessageHeader, MessageHeader>, string> Fields => new()
    {
        { "transcript", static h => h with { Transcript = Digest.Zero }, SessionFailure.WrongTranscript },
        { "direction", static h => h with { Direction = Direction.AgentToOwner }, SessionFailure.WrongDirection },
        { "no direction", static h => h with { Direction = "" }, SessionFailure.WrongDirection },
        { "number", static h => h with { Number = 1 }, SessionFailure.WrongKey },
        { "far number", static h => h with { Number = 257 }, SessionFailure.TooFarAhead },
        { "largest number", static h => h with { Number = ulong.MaxValue }, SessionFailure.TooFarAhead },
        { "type", static h => h with { Type = MessageType.Seen }, SessionFailure.Altered },
        { "customer", static h => h with { Customer = Custody.Other }, SessionFailure.Altered },
        { "hand-off", static h => h with { HandOff = new Id16(new byte[16]) }, SessionFailure.Altered },
        { "request", static h => h with { Request = Digest.Zero }, SessionFailure.Altered },
        { "attempt", static h => h with { Attempt = 2 }, SessionFailure.Altered },
        { "fence", static h => h with { Fence = 8 }, SessionFailure.Altered },
        { "head counter", static h => h with { HeadCounter = 12 }, SessionFailure.Altered },
        { "no items", static h => h with { Items = [] }, SessionFailure.Altered },
        { "items twice", static h => h with { Items = [.. h.Items, .. h.Items] }, SessionFailure.Altered },
        { "credential", static h => h with { Items = [h.Items[0] with { Credential = Custody.Other }] }, SessionFailure.Altered },
        { "version", static h => h with { Items = [h.Items[0] with { Version = 2 }] }, SessionFailure.Altered },
        { "kind", static h => h with { Items = [h.Items[0] with { Kind = CredentialKind.Opaque }] }, SessionFailure.Altered },
        { "use", static h => h with { Items = [h.Items[0] with { Use = Custody.Other }] }, SessionFailure.Altered },
        { "length", static h => h with { Items = [h.Items[0] with { Length = 5 }] }, SessionFailure.Altered },
        { "not after", static h => h with { NotAfter = h.NotAfter.AddMilliseconds(1) }, SessionFailure.Altered },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Swapped_header_field_should_be_refused(string field, Func<MessageHeader, MessageHeader> change, string code)
    {
        Assert.NotEmpty(field);
        AssertRefused(code, _message with { Header = change(_pair.Agent.Peek(_message)).Encode() });
    }

    [Fact]
    public void Every_flipped_byte_should_be_refused()
    {
        string[] headerCodes =
        [
            SessionFailure.Malformed, SessionFailure.WrongTranscript, SessionFailure.WrongDirection, SessionFailure.TooFarAhead,
            SessionFailure.WrongKey, SessionFailure.Altered,
        ];

        AssertFlips(_message.Header, static (m, part) => m with { Header = part }, headerCodes);
        AssertFlips(_message.Random, static (m, part) => m with { Random = part }, SessionFailure.WrongKey);
        AssertFlips(_message.Commitment, static (m, part) => m with { Commitment = part }, SessionFailure.WrongKey);
        AssertFlips(_message.Ciphertext, static (m, part) => m with { Ciphertext = part }, SessionFailure.Altered);
    }

    [Fact]
    public void Every_other_length_should_be_refused()
    {
        for (var length = 0; length < _message.Header.Length; length++)
            AssertRefused(SessionFailure.Malformed, _message with { Header = _message.Header[..length] });
        for (var length = 0; length < _message.Random.Length; length++)
            AssertRefused(SessionFailure.Malformed, _message with { Random = _message.Random[..length] });
        for (var length = 0; length < _message.Commitment.Length; length++)
            AssertRefused(SessionFailure.Malformed, _message with { Commitment = _message.Commitment[..length] });
        for (var length = 0; length < _message.Ciphertext.Length; length++)
        {
            var code = length < AesGcm256.TagSize ? SessionFailure.Malformed : SessionFailure.Altered;
            AssertRefused(code, _message with { Ciphertext = _message.Ciphertext[..length] });
        }

        AssertRefused(SessionFailure.Malformed, _message with { Header = Longer(_message.Header) });
        AssertRefused(SessionFailure.Malformed, _message with { Random = Longer(_message.Random) });
        AssertRefused(SessionFailure.Malformed, _message with { Commitment = Longer(_message.Commitment) });
        AssertRefused(SessionFailure.Altered, _message with { Ciphertext = Longer(_message.Ciphertext) });
    }

    [Fact]
    public void Parts_of_two_messages_should_not_mix()
    {
        var other = Seal();

        AssertRefused(SessionFailure.WrongKey, _message with { Header = other.Header });
        AssertRefused(SessionFailure.WrongKey, _message with { Random = other.Random });
        AssertRefused(SessionFailure.WrongKey, _message with { Commitment = other.Commitment });
        AssertRefused(SessionFailure.Altered, _message with { Ciphertext = other.Ciphertext });
        AssertRefused(SessionFailure.WrongKey, _message with { Random = other.Random, Commitment = other.Commitment });
    }

    [Fact]
    public void Message_should_be_under_another_key_wherever_its_random_bytes_are_others()
    {
        // Two machines cloned in one state seal their next message under different keys.
        using var clone = new SessionPair();
        var twin = clone.Owner.Seal(Messages.Header, "secret"u8, SystemRandom.Fill);

        Assert.Equal(_message.Header.Span, twin.Header.Span);
        Assert.NotEqual(_message.Random.ToArray(), twin.Random.ToArray());
        Assert.NotEqual(_message.Commitment.ToArray(), twin.Commitment.ToArray());
        Assert.NotEqual(_message.Ciphertext.ToArray(), twin.Ciphertext.ToArray());
    }

    private static byte[] Longer(ReadOnlyMemory<byte> part) => [.. part.Span, 0];

    private SealedMessage Seal() => _pair.Owner.Seal(Messages.Header, "secret"u8, SystemRandom.Fill);

    private void AssertFlips(
        ReadOnlyMemory<byte> part, Func<SealedMessage, ReadOnlyMemory<byte>, SealedMessage> with, params string[] codes)
    {
        var bytes = part.ToArray();
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 0x02;
            Assert.Contains(Refusal(with(_message, bytes)), codes);
            bytes[at] ^= 0x02;
        }
    }

    private void AssertRefused(string code, SealedMessage message) => Assert.Equal(code, Refusal(message));

    // At an end of its own, which must still open the good message afterwards.
    private string Refusal(SealedMessage message)
    {
        using var end = new SessionPair();
        var code = Assert.Throws<SessionException>(() => end.Agent.Open(message, out _)).Code;
        using var opened = end.Agent.Open(_message, out _);
        Assert.True(opened.FixedTimeEquals("secret"u8));
        return code;
    }
}
