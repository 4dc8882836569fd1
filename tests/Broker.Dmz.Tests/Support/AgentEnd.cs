using System.Threading.Channels;
using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Broker.TestKit;
using Google.Protobuf;
using OwnerFinish = Broker.Secrets.OwnerFinish;
using SealedMessage = Broker.Secrets.SealedMessage;

namespace Broker.Dmz.Tests.Support;

/// <summary>The agent's end of a real session: it answers hellos, opens envelopes, and can say whatever a test wants it to.</summary>
internal sealed class AgentEnd(TestCustomer customer, Name name, Id16 boot) : IDisposable
{
    private readonly P256PrivateKey _key = P256PrivateKey.Generate(SystemRandom.Fill);
    private Link _link = null!;
    private ulong _generation;
    private ulong _received;

    public Name Name => name;

    public Id16 Boot { get; set; } = boot;

    public PublicKey Key => PublicKey.Parse(_key.PublicKey);

    public Grant Grant { get; set; } = null!;

    public SessionContext? Context { get; private set; }

    public ActorRef<AgentSessionMessage> Session { get; private set; } = null!;

    public ulong HighestHead { get; set; }

    /// <summary>Set: sealed messages to this agent are taken only once it completes.</summary>
    public TaskCompletionSource? Reads { get; set; }

    /// <summary>The code with which the node closed the link.</summary>
    public Task<string> Closed => Code(SentAway);

    /// <summary>The same, and after how long the agent was told to come again; of the link that is open now.</summary>
    public Task<(string Code, TimeSpan After)> SentAway => _link.Closed.Task.WaitAsync(Patience.Limit);

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[PublicKey.SignatureLength];
        _key.Sign(message, signature);
        return signature;
    }

    public AgentHandshake Handshake(ReadOnlySpan<byte> ownerHello, ulong generation) =>
        AgentHandshake.Begin(ownerHello, _key, Boot, generation, HighestHead, SystemRandom.Fill);

    /// <summary>Opens a link; the node's hello is the next frame.</summary>
    public async Task Open()
    {
        Context?.Dispose();
        Context = null;
        _link = new Link(this);
        var session = await customer.Agents.Ask<Result<SessionRef>>(
            r => new AgentsMessage.Open(customer.Name, name, customer.Refs, _link, r), Patience.Limit);
        Session = session.Value!.Session;
    }

    /// <summary>Goes on at another node of the same customer.</summary>
    public void MoveTo(TestCustomer there) => customer = there;

    /// <summary>Opens a link and makes a session; another link, as an agent does, where the node's time for the first was over.</summary>
    public async Task Connect()
    {
        for (var begun = TimeProvider.System.GetTimestamp(); ;)
        {
            await Open();
            try
            {
                await AnswerHello();
                return;
            }
            catch (ChannelClosedException) when (TimeProvider.System.GetElapsedTime(begun) < Patience.Limit)
            {
                // The machine stood still for longer than a hello is good for.
            }
        }
    }

    /// <summary>Answers the hello that comes next, or one of another link where that was too old.</summary>
    public async Task Greet()
    {
        var link = _link;
        try
        {
            await AnswerHello();
        }
        catch (ChannelClosedException) when (link.Closed.Task is { IsCompletedSuccessfully: true, Result.Code: Codes.HelloExpired })
        {
            await Connect();
        }
    }

    private async Task AnswerHello()
    {
        Context?.Dispose();
        Context = null;
        var frame = await Frame();
        while (frame.OwnerHello is null)
        {
            // Sealed in the session before, which is over.
            frame = await Frame();
        }

        while (frame.OwnerFinish is null)
        {
            // The node begins again where the answer came too late.
            Assert.NotNull(frame.OwnerHello);
            using var handshake = Handshake(frame.OwnerHello.Statement.Span, _generation + 1);
            Tell(handshake.Answer);
            frame = await Frame();
            if (frame.OwnerFinish is { } finish)
            {
                Context = handshake.Finish(
                    new OwnerFinish(finish.Encapsulation.Memory, finish.Signature.Memory, PublicKey.Parse(finish.Identity.Span)),
                    Grant.Identity);
            }
        }

        _generation++;
        _received = 0;
    }

    public void Disconnect()
    {
        Context?.Dispose();
        Context = null;
        Session.Stop();
    }

    public void Tell(Signed answer) => Tell(new Frame
    {
        AgentHello = new Protocol.Wire.Agent.AgentHello
        {
            Statement = ByteString.CopyFrom(answer.Statement.Span),
            Signature = ByteString.CopyFrom(answer.Signature.Span),
        },
    });

    public void Tell(SealedMessage message) => Tell(new Frame { SealedMessage = Wire(message) });

    private void Tell(Frame frame)
    {
        if (Relay is { } relay)
        {
            relay(frame);
        }
        else
        {
            Session.Tell(new AgentSessionMessage.Received(frame));
        }
    }

    /// <summary>Set: takes what the agent says, in the place of a node.</summary>
    public Action<Frame>? Relay { get; set; }

    /// <summary>A frame reaches the agent from who stands in the place of a node.</summary>
    public void Deliver(Frame frame) => _link.Frames.Writer.TryWrite(frame);

    /// <summary>Has a link that nobody holds but who relays.</summary>
    public void OpenAt(Action<Frame> relay)
    {
        Context?.Dispose();
        Context = null;
        _link = new Link(this);
        Relay = relay;
    }

    public static Protocol.Wire.Agent.SealedMessage Wire(SealedMessage message) => new()
    {
        Header = ByteString.CopyFrom(message.Header.Span),
        Random = ByteString.CopyFrom(message.Random.Span),
        Commitment = ByteString.CopyFrom(message.Commitment.Span),
        Ciphertext = ByteString.CopyFrom(message.Ciphertext.Span),
    };

    public static SealedMessage From(Protocol.Wire.Agent.SealedMessage frame) =>
        new(frame.Header.Memory, frame.Random.Memory, frame.Commitment.Memory, frame.Ciphertext.Memory);

    /// <exception cref="ChannelClosedException">The node closed the link, and all that came before was taken.</exception>
    public async Task<Frame> Frame() => await _link.Frames.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    public bool TryFrame(out Frame? frame) => _link.Frames.Reader.TryRead(out frame);

    /// <summary>The next sealed message, still closed.</summary>
    public async Task<SealedMessage> Next() => From((await Frame()).SealedMessage);

    /// <summary>Opens the next message; the body is copied out, for comparing.</summary>
    public async Task<(MessageHeader Header, byte[] Body)> Receive()
    {
        using var body = Context!.Open(await Next(), out var header);

        // Without a gap: what the owner seals takes a number, so nothing was sealed that did not arrive here.
        Assert.Equal(_received++, header.Number);
        return (header, body.Span.ToArray());
    }

    /// <summary>The next envelope; what is asked of the agent before is passed over.</summary>
    public async Task<(MessageHeader Header, byte[] Body)> Envelope()
    {
        while (true)
        {
            var (header, body) = await Receive();
            if (header.Type == MessageType.Envelope)
            {
                return (header, body);
            }
        }
    }

    /// <summary>
    /// Completes when an envelope is the next frame, without taking it. What else may be sent where nothing was sealed is the hello of
    /// another session, and a question: a launch that was refused is looked up in the journal, and told to who launched by another way.
    /// </summary>
    public async Task EnvelopeArrived()
    {
        if (!await _link.Frames.Reader.WaitToReadAsync() ||
            !_link.Frames.Reader.TryPeek(out var frame) || frame.SealedMessage is not { } message ||
            Statement.Read<MessageHeader>(message.Header.Span).Type != MessageType.Envelope)
        {
            await new TaskCompletionSource().Task;
        }
    }

    /// <summary>A message of the agent about a hand-off.</summary>
    public SealedMessage Report(string type, Id16 handOff, uint attempt, string state = "", string code = "") => Context!.Seal(
        new MessageHeader(
            default, "", 0, type, customer.Name, handOff, default, attempt, 1, 0, [],
            customer.World.Time.GetUtcNow() + TimeSpan.FromMinutes(1)),
        new AgentReport(state, code).Encode(), SystemRandom.Fill);

    public void Acknowledge(MessageHeader envelope) =>
        Tell(Report(MessageType.Acknowledged, envelope.HandOff, envelope.Attempt, HandOffState.Acknowledged));

    public void Dispose()
    {
        Context?.Dispose();
        _key.Dispose();
    }

    private static async Task<string> Code(Task<(string Code, TimeSpan After)> sentAway) => (await sentAway).Code;

    private sealed class Link(AgentEnd end) : IAgentLink
    {
        public Channel<Frame> Frames { get; } = Channel.CreateUnbounded<Frame>();

        public TaskCompletionSource<(string Code, TimeSpan After)> Closed { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task SendAsync(IReadOnlyList<Frame> frames)
        {
            foreach (var frame in frames)
            {
                if (frame.SealedMessage is not null && end.Reads is { } reads)
                {
                    await reads.Task;
                }

                // As on a wire: what comes out is a copy.
                Frames.Writer.TryWrite(Protocol.Wire.Agent.Frame.Parser.ParseFrom(frame.ToByteArray()));
            }
        }

        public void Close(string code, TimeSpan after = default)
        {
            Closed.TrySetResult((code, after));
            Frames.Writer.TryComplete();
        }
    }
}
