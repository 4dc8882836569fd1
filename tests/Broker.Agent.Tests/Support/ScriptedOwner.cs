using System.Text;
using Broker.Agent.Session;
using Broker.Links.Agents;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using AgentHello = Broker.Protocol.Session.AgentHello;
using OwnerFinish = Broker.Secrets.OwnerFinish;
using OwnerHello = Broker.Protocol.Session.OwnerHello;
using SealedMessage = Broker.Secrets.SealedMessage;

namespace Broker.Agent.Tests.Support;

/// <summary>The key owner's end of one link, which does what the test says.</summary>
internal sealed class ScriptedOwner(AcceptedLink link, CustomerSecret secret, PublicKey agentKey) : IAsyncDisposable
{
    private SessionContext? _context;
    private byte[] _hello = [];

    /// <summary>The customer's secret; after a rotation the next one.</summary>
    internal CustomerSecret Secret { get; set; } = secret;

    internal ulong Fence { get; set; } = 7;

    internal ulong Head { get; set; } = 3;

    internal AgentHello? AgentHello { get; private set; }

    internal static OwnerHello Hello(CustomerSecret secret, PublicKey agentKey, ulong fence)
    {
        var nonce = new byte[Digest.Length];
        SystemRandom.Fill(nonce);
        return new OwnerHello(
            Installation.Cluster, Installation.Customer, secret.Epoch, secret.Identity.Fingerprint, Name.Parse("dmz-1"), Digest.Zero, fence,
            Installation.Agent, agentKey.Fingerprint, default, new Digest(nonce));
    }

    internal async Task SendHello(Func<OwnerHello, OwnerHello>? change = null, params Signed[] successions)
    {
        var hello = Hello(Secret, agentKey, Fence);
        _hello = (change?.Invoke(hello) ?? hello).Encode();
        var frame = new Protocol.Wire.Agent.OwnerHello { Statement = ByteString.CopyFrom(_hello) };
        frame.Successions.AddRange(successions.Select(static s => new Succession
        {
            Record = ByteString.CopyFrom(s.Statement.Span),
            Signature = ByteString.CopyFrom(s.Signature.Span),
        }));
        await Send(new Frame { OwnerHello = frame });
    }

    internal async Task<Signed> ReceiveAgentHello()
    {
        var frame = await Next();
        Assert.Equal(Frame.KindOneofCase.AgentHello, frame.KindCase);
        var signed = new Signed(frame.AgentHello.Statement.ToByteArray(), frame.AgentHello.Signature.ToByteArray());
        AgentHello = OwnerHandshake.Read(_hello, signed, agentKey);
        return signed;
    }

    internal async Task SendFinish(Signed agentHello, Func<OwnerFinish, OwnerFinish>? change = null)
    {
        var (context, finish) = OwnerHandshake.Finish(_hello, agentHello, Secret, SystemRandom.Fill);
        _context?.Dispose();
        _context = context;
        finish = change?.Invoke(finish) ?? finish;
        await Send(new Frame
        {
            OwnerFinish = new Protocol.Wire.Agent.OwnerFinish
            {
                Encapsulation = ByteString.CopyFrom(finish.Encapsulation.Span),
                Signature = ByteString.CopyFrom(finish.Signature.Span),
                Identity = ByteString.CopyFrom(finish.Identity.Bytes.Span),
            },
        });
    }

    internal async Task<ScriptedOwner> Begin()
    {
        await SendHello();
        await SendFinish(await ReceiveAgentHello());
        return this;
    }

    internal MessageHeader Header(string type, byte handOff, uint attempt = 1) => new(
        default, "", 0, type, Installation.Customer, UseWorld.HandOff(handOff), Digest.Of([handOff]), attempt, Fence, Head, [],
        Installation.Now.AddMinutes(1));

    internal MessageHeader Envelope(byte handOff, uint attempt, params (string Credential, string Use, string Content)[] items) =>
        Header(MessageType.Envelope, handOff, attempt) with
        {
            Items =
            [
                .. items.Select(static i => new EnvelopeItem(
                    Name.Parse(i.Credential), 1, CredentialKind.Opaque, Name.Parse(i.Use), (uint)i.Content.Length)),
            ],
        };

    internal Frame Seal(MessageHeader header, string body = "") => Seal(header, Encoding.ASCII.GetBytes(body));

    internal Frame Seal(MessageHeader header, byte[] body)
    {
        using var secretBody = SecretBuffer.CopyOf(body);
        return ToFrame(_context!.Seal(header, secretBody.Span, SystemRandom.Fill));
    }

    internal Frame Seal(byte handOff, uint attempt, params (string Credential, string Use, string Content)[] items) =>
        Seal(Envelope(handOff, attempt, items), string.Concat(items.Select(static i => i.Content)));

    internal Task Send(Frame frame) => link.Socket.SendAsync(frame, CancellationToken.None);

    internal async Task<(string Type, string State, string Code, MessageHeader Header)> Report()
    {
        var frame = await Next();
        Assert.True(frame.KindCase == Frame.KindOneofCase.SealedMessage, frame.ToString());
        var m = frame.SealedMessage;
        using var body = _context!.Open(
            new SealedMessage(m.Header.Memory, m.Random.Memory, m.Commitment.Memory, m.Ciphertext.Memory), out var header);
        if (body.Length == 0)
            return (header.Type, "", "", header);

        var report = Statement.Read<AgentReport>(body.Span);
        return (header.Type, report.State, report.Code, header);
    }

    /// <summary>Asserts the type and code of the next report.</summary>
    internal async Task<MessageHeader> Expect(string type, string code)
    {
        var report = await Report();
        Assert.Equal((type, code), (report.Type, report.Code));
        return report.Header;
    }

    /// <summary>The link ends, with a goodbye unless the agent was not done with opening it.</summary>
    internal async Task End()
    {
        try
        {
            Assert.Equal(RefusalCode.Stopping, await Goodbye());
        }
        catch (AgentLinkException)
        {
            // Cut while it was opened: there was nobody to say it to.
        }
    }

    internal async Task<string> Goodbye()
    {
        var frame = await Next();
        Assert.True(frame.KindCase == Frame.KindOneofCase.Goodbye, frame.ToString());
        return frame.Goodbye.Code;
    }

    internal async Task<Frame> Next() =>
        await Eventually.Within(link.Socket.ReceiveAsync(CancellationToken.None), "a frame of the agent") ?? throw new IOException(
            "the link was closed");

    public ValueTask DisposeAsync()
    {
        _context?.Dispose();
        link.Ended.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private static Frame ToFrame(SealedMessage message) => new()
    {
        SealedMessage = new Protocol.Wire.Agent.SealedMessage
        {
            Header = ByteString.CopyFrom(message.Header.Span),
            Random = ByteString.CopyFrom(message.Random.Span),
            Commitment = ByteString.CopyFrom(message.Commitment.Span),
            Ciphertext = ByteString.CopyFrom(message.Ciphertext.Span),
        },
    };
}
