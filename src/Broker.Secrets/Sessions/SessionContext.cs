using System.Security.Cryptography;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>A message of a session as it travels.</summary>
/// <param name="Header">The encoding of a <see cref="MessageHeader"/>: the associated data.</param>
/// <param name="Random">16 bytes.</param>
/// <param name="Commitment">32 bytes.</param>
/// <param name="Ciphertext">Ciphertext ‖ tag.</param>
public sealed record SealedMessage(
    ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Random, ReadOnlyMemory<byte> Commitment, ReadOnlyMemory<byte> Ciphertext);

/// <summary>
/// One end of the context between a customer's key owner and an agent. It lives in one incarnation of one actor and dies with it.
/// Not thread-safe.
/// </summary>
public sealed class SessionContext : IDisposable
{
    /// <summary>Messages that one direction may carry.</summary>
    public const ulong MaxMessages = 1 << 20;

    /// <summary>How far ahead of the expected number a message may be.</summary>
    public const ulong MaxAhead = 256;

    /// <summary>Bytes that a body may have: 4 MiB, the largest envelope.</summary>
    public const int MaxBody = 4 << 20;

    private const int KeyLength = 32;
    private const int RandomLength = 16;

    private readonly RatchetChain _send;
    private readonly RatchetChain _receive;
    private readonly string _sendDirection;
    private readonly string _receiveDirection;

    internal SessionContext(Digest transcript, HpkeContext context, bool owner)
        : this(transcript, Export(context), owner)
    {
    }

    /// <summary>As between two messages; the chains are owned from here on.</summary>
    internal SessionContext(Digest transcript, (RatchetChain O2a, RatchetChain A2o) chains, bool owner)
    {
        Transcript = transcript;
        var (o2a, a2o) = chains;
        (_send, _receive) = owner ? (o2a, a2o) : (a2o, o2a);
        (_sendDirection, _receiveDirection) = owner
            ? (Direction.OwnerToAgent, Direction.AgentToOwner)
            : (Direction.AgentToOwner, Direction.OwnerToAgent);
    }

    /// <summary>th of the handshake.</summary>
    public Digest Transcript { get; }

    /// <summary>Seals the next message of this end.</summary>
    /// <param name="header">Transcript, direction and number are filled in here.</param>
    /// <param name="body">The plaintext, in locked memory, at most <see cref="MaxBody"/>.</param>
    /// <param name="random">The system's randomness.</param>
    /// <exception cref="SessionException">The session is exhausted.</exception>
    /// <exception cref="ArgumentException">The body is over <see cref="MaxBody"/>.</exception>
    public SealedMessage Seal(MessageHeader header, ReadOnlySpan<byte> body, RandomFill random)
    {
        if (body.Length > MaxBody)
        {
            throw new ArgumentException("a body is at most 4 MiB", nameof(body));
        }

        var number = _send.Next;
        if (number >= MaxMessages)
        {
            throw new SessionException(SessionFailure.Exhausted);
        }

        var aad = (header with { Transcript = Transcript, Direction = _sendDirection, Number = number }).Encode();
        var r = new byte[RandomLength];
        random(r);
        using var work = SecretBuffer.Allocate(RatchetChain.WorkSize);
        _send.Derive(number, r, work);
        _send.MoveTo(number, work);
        var ciphertext = new byte[body.Length + AesGcm256.TagSize];
        AesGcm256.Seal(RatchetChain.Key(work), AesGcm256.ZeroNonce, body, aad, ciphertext);
        return new SealedMessage(aad, r, RatchetChain.Commitment(work).ToArray(), ciphertext);
    }

    /// <summary>Reads and checks the header of a message without opening it: it is not authentic yet.</summary>
    /// <exception cref="SessionException">The message is malformed, of another session or direction, replayed or too far ahead.</exception>
    public MessageHeader Peek(SealedMessage message)
    {
        MessageHeader header;
        try
        {
            header = Statement.Read<MessageHeader>(message.Header.Span);
        }
        catch (MalformedException)
        {
            throw new SessionException(SessionFailure.Malformed);
        }

        var failure = header switch
        {
            _ when message.Random.Length != RandomLength || message.Commitment.Length != KeyLength ||
                message.Ciphertext.Length is < AesGcm256.TagSize or > MaxBody + AesGcm256.TagSize => SessionFailure.Malformed,
            _ when header.Transcript != Transcript => SessionFailure.WrongTranscript,
            _ when header.Direction != _receiveDirection => SessionFailure.WrongDirection,
            _ when header.Number < _receive.Next => SessionFailure.Replayed,
            _ when header.Number - _receive.Next > MaxAhead => SessionFailure.TooFarAhead,
            _ when header.Number >= MaxMessages => SessionFailure.Exhausted,
            _ => null,
        };
        return failure is null ? header : throw new SessionException(failure);
    }

    /// <summary>Opens a message of the other end. The state moves only when the tag is good; keys of skipped messages are wiped.</summary>
    /// <param name="message">The message.</param>
    /// <param name="header">Its authentic header.</param>
    /// <returns>The body, owned by the caller.</returns>
    /// <exception cref="SessionException">See <see cref="SessionFailure"/>.</exception>
    public SecretBuffer Open(SealedMessage message, out MessageHeader header)
    {
        header = Peek(message);
        using var work = SecretBuffer.Allocate(RatchetChain.WorkSize);
        _receive.Derive(header.Number, message.Random.Span, work);
        if (!CryptographicOperations.FixedTimeEquals(RatchetChain.Commitment(work), message.Commitment.Span))
        {
            throw new SessionException(SessionFailure.WrongKey);
        }

        SecretBuffer body;
        try
        {
            body = AesGcm256.Open(RatchetChain.Key(work), AesGcm256.ZeroNonce, message.Ciphertext.Span, message.Header.Span);
        }
        catch (SealedDataException)
        {
            throw new SessionException(SessionFailure.Altered);
        }

        _receive.MoveTo(header.Number, work);
        return body;
    }

    /// <summary>Wipes both chains.</summary>
    public void Dispose()
    {
        _send.Dispose();
        _receive.Dispose();
    }

    private static (RatchetChain O2a, RatchetChain A2o) Export(HpkeContext context)
    {
        var o2a = context.Export("o2a"u8, KeyLength);
        try
        {
            return (new RatchetChain(o2a), new RatchetChain(context.Export("a2o"u8, KeyLength)));
        }
        catch
        {
            o2a.Dispose();
            throw;
        }
    }
}
