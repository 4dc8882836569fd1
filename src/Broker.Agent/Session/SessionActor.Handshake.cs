using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using OwnerHello = Broker.Protocol.Session.OwnerHello;

namespace Broker.Agent.Session;

// The handshake of protocol.md. A hello is not authentic until the third message: until then it changes nothing that is kept, and a
// session that lives goes on.
internal sealed partial class SessionActor
{
    private static readonly object HandshakeTimer = new();
    private static readonly object SessionTimer = new();

    private static IReadOnlyList<object> LinkTimers => [HandshakeTimer, SessionTimer, RenewTimer];

    private async ValueTask OnOwnerHello(byte[] statement)
    {
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

        if (Refuse(hello) is { } code)
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

    private string? Refuse(OwnerHello hello)
    {
        var grant = parts.Enrolled.Grant;
        return hello switch
        {
            _ when hello.Cluster != grant.Cluster || hello.Customer != grant.Customer || hello.Epoch != grant.Epoch
                || hello.Agent != grant.Agent || hello.AgentKey != grant.Key.Fingerprint => SessionFailure.WrongHello,
            _ when hello.Identity != grant.Identity => SessionFailure.WrongIdentity,
            _ when hello.Fence < parts.Witness.Fence => RefusalCode.FenceStale,
            _ => null,
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
        try
        {
            using (pending)
            {
                context = pending.Handshake.Finish(
                    new Secrets.OwnerFinish(finish.Encapsulation.Memory, finish.Signature.Memory, PublicKey.Parse(finish.Identity.Span)),
                    parts.Enrolled.Grant.Identity);
            }
        }
        catch (Exception e) when (e is SessionException or MalformedException)
        {
            await End(e is SessionException session ? session.Code : SessionFailure.Malformed);
            return;
        }

        _live?.Dispose();
        _live = new LiveSession(context, pending.Hello);
        _failures = 0;
        _lastLoss = "";
        parts.Witness.SetSession(pending.Generation, pending.Hello.Fence);
        AgentLog.SessionLive(parts.Logger, pending.Hello.Node.Value, pending.Hello.Fence);
        Context.StartTimer(SessionTimer, new SessionMessage.SessionOver(), parts.Settings.SessionLife);
        ArmRenewal();
        await TellUntold();
    }
}
