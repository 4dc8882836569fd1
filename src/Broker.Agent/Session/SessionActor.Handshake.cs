using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using OwnerHello = Broker.Protocol.Session.OwnerHello;
using Succession = Broker.Protocol.Wire.Agent.Succession;

namespace Broker.Agent.Session;

// The handshake of protocol.md. A hello is not authentic until the third message: until then it changes nothing that is kept, and a
// session that lives goes on.
internal sealed partial class SessionActor
{
    private static readonly object HandshakeTimer = new();
    private static readonly object SessionTimer = new();

    private static IReadOnlyList<object> LinkTimers => [HandshakeTimer, SessionTimer, RenewTimer];

    private async ValueTask OnOwnerHello(Protocol.Wire.Agent.OwnerHello frame)
    {
        var statement = frame.Statement.ToByteArray();
        OwnerHello hello;
        try
        {
            hello = Statement.Read<OwnerHello>(statement);
        }
        catch (MalformedException)
        {
            await End(SessionFailure.Malformed);
            return;
        }

        if (Refuse(hello, frame.Successions) is { } code)
        {
            await End(code);
            return;
        }

        var generation = parts.Witness.Generation + 1;
        var handshake = AgentHandshake.Begin(
            statement, parts.Enrolled.Key, parts.Boot, generation, parts.Witness.Head, Context.Random.Fill);
        _handshake?.Dispose();
        _handshake = new PendingHandshake(handshake, hello, generation);
        Context.StartTimer(HandshakeTimer, new SessionMessage.HandshakeOverdue(), parts.Settings.HandshakeTimeout);
        await Send(new Frame
        {
            AgentHello = new Protocol.Wire.Agent.AgentHello
            {
                Statement = ByteString.CopyFrom(handshake.Answer.Statement.Span),
                Signature = ByteString.CopyFrom(handshake.Answer.Signature.Span),
            },
        });
    }

    private string? Refuse(OwnerHello hello, IReadOnlyList<Succession> successions)
    {
        var grant = parts.Enrolled.Grant;
        return hello switch
        {
            _ when hello.Cluster != grant.Cluster || hello.Customer != grant.Customer || hello.Agent != grant.Agent
                || hello.AgentKey != grant.Key.Fingerprint => SessionFailure.WrongHello,
            _ when hello.Identity != grant.Identity && hello.Epoch > grant.Epoch => Follow(hello, grant, successions),
            _ when hello.Identity != grant.Identity => SessionFailure.WrongIdentity,
            _ when hello.Epoch != grant.Epoch => SessionFailure.WrongHello,
            _ => null,
        } ?? (hello.Fence < parts.Witness.Fence ? RefusalCode.FenceStale : null);
    }

    // The pin stays until a grant of the new identity is here: it is followed again, as often as need be.
    private static string? Follow(OwnerHello hello, Grant grant, IReadOnlyList<Succession> successions)
    {
        var links = successions.Take(SuccessionChain.MaxLinks).Where(static s => s.Signature.Length == PublicKey.SignatureLength)
            .Select(static s => new Signed(s.Record.Memory, s.Signature.Memory)).ToList();
        return SuccessionChain.Follow(grant.Identity, hello.Identity, links, grant.Cluster, grant.Customer) switch
        {
            SuccessionOutcome.Followed => null,
            SuccessionOutcome.Broken => RefusalCode.SuccessionBroken,
            _ => SessionFailure.WrongIdentity,
        };
    }

    private async ValueTask OnOwnerFinish(Protocol.Wire.Agent.OwnerFinish finish)
    {
        if (_handshake is not { } pending)
        {
            await End(RefusalCode.UnexpectedFrame);
            return;
        }

        _handshake = null;
        Context.CancelTimer(HandshakeTimer);
        SessionContext context;
        PublicKey identity;
        try
        {
            using (pending)
            {
                // That the hello's identity is the pinned one, or follows it, was found when it came.
                identity = PublicKey.Parse(finish.Identity.Span);
                context = pending.Handshake.Finish(
                    new Secrets.OwnerFinish(finish.Encapsulation.Memory, finish.Signature.Memory, identity), pending.Hello.Identity);
            }
        }
        catch (Exception e) when (e is SessionException or MalformedException)
        {
            await End(e is SessionException session ? session.Code : SessionFailure.Malformed);
            return;
        }

        _live?.Dispose();
        _live = new LiveSession(context, pending.Hello, identity);
        _failures = 0;
        _lastLoss = "";
        parts.Witness.SetSession(pending.Generation, pending.Hello.Fence);
        AgentLog.SessionLive(parts.Logger, pending.Hello.Node.Value, pending.Hello.Fence);
        Context.StartTimer(SessionTimer, new SessionMessage.SessionOver(), parts.Settings.SessionLife);
        if (identity.Equals(parts.Enrolled.Identity))
            ArmRenewal();
        else
            await AskForRenewal();
        await TellUntold();
    }
}
