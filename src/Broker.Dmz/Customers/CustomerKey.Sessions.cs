using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// Sessions with agents. A context lives in this incarnation and dies with it; the link beneath only carries. A session is made
/// in three steps: hello, the agent's answer, and after the zone advanced the agent's generation the third message.
/// </summary>
internal sealed partial class CustomerKey
{
    private static readonly TimeSpan HelloLife = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SessionLife = TimeSpan.FromHours(1);

    private readonly Dictionary<Name, AgentLink> _sessions = [];

    private Result<SessionHello> OnHello(CustomerKeyMessage.Hello message)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (Prove(message.Entries, message.Head, out var proven) is { } refused)
        {
            return refused;
        }

        if (!proven.TryGetValue(EntryKey.Grant(message.Agent), out var entry) || _leaves.Read<Grant>(entry) is not { } grant)
        {
            return new Refused(Codes.AgentUnknown, "the agent is not in the customer's directory");
        }

        var hello = new OwnerHello(
            _node.Cluster, _customer, _secret!.Epoch, _secret.Identity.Fingerprint, _node.Node, _node.Incarnation.Key.Fingerprint, _fence,
            message.Agent, grant.Key.Fingerprint, message.Link, _node.NewNonce()).Encode();
        if (_sessions.Remove(message.Agent, out var old))
        {
            Drop(old, Codes.LinkLost);
        }

        _sessions[message.Agent] = new AgentLink(message.Link, message.Session, grant, hello, _node.Time.GetTimestamp());
        return new SessionHello(hello);
    }

    private Result<VerifiedHello> OnAnswer(CustomerKeyMessage.AgentAnswered message)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (!_sessions.TryGetValue(message.Agent, out var link) || link.Link != message.Link || link.Answer is not null)
        {
            return new Refused(Codes.HelloOfAnother, "no hello of this link waits for an answer");
        }

        if (_node.Time.GetElapsedTime(link.Since) > HelloLife)
        {
            return RefuseHello(message.Agent, Codes.HelloExpired, "the answer came too late; connect again");
        }

        AgentHello hello;
        try
        {
            hello = OwnerHandshake.Read(link.OwnerHello, message.AgentHello, link.Grant.Key);
        }
        catch (SessionException problem)
        {
            return RefuseHello(message.Agent, problem.Code, "the answer is not one to this hello by the agent's key");
        }

        // Agents are told of committed heads alone, so there is no head in flight that one could have seen.
        if (hello.HighestHead > _head!.Value.Counter)
        {
            return RefuseHello(message.Agent, Codes.HeadRolledBack, "the agent has seen a later head than the one that is unlocked");
        }

        // An expired grant is renewed only at its own boot; a valid one may move to a new boot by the zone's generation.
        if (link.Grant.NotAfter < _node.Time.GetUtcNow() && hello.Boot != link.Grant.Boot)
        {
            return RefuseHello(
                message.Agent, Codes.GrantBootDiffers, "the grant is over and the host was started again; invite the agent again");
        }

        link.Answer = message.AgentHello;
        link.Boot = hello.Boot;
        return new VerifiedHello(hello.Boot, hello.Generation, _fence);
    }

    private Refused RefuseHello(Name agent, string code, string detail)
    {
        Log.SessionRefused(_log, _customer, agent, code);
        _sessions.Remove(agent);
        _outcomes!.Tell(new OutcomeMessage.Refusal($"agent/{agent}", "session", code));
        return new Refused(code, detail);
    }

    private Result<OwnerFinish> OnFinish(CustomerKeyMessage.Finish message)
    {
        if (_state != KeyState.Unlocked || !_sessions.TryGetValue(message.Agent, out var link) || link.Link != message.Link ||
            link.Answer is null || link.Context is not null)
        {
            return new Refused(Codes.HelloOfAnother, "no answered hello of this link waits");
        }

        try
        {
            var (context, finish) = OwnerHandshake.Finish(link.OwnerHello, link.Answer, _secret!, _node.Random);
            link.Context = context;
            link.Since = _node.Time.GetTimestamp();
            return finish;
        }
        catch (SealedDataException)
        {
            _sessions.Remove(message.Agent);
            return new Refused(SessionFailure.Malformed, "the agent's ephemeral key is not a point of P-256");
        }
        finally
        {
            // The third message goes out before what is asked of the agent, since the reply is sent first by the session's actor.
            if (link.Context is not null)
            {
                AskForOpenHandOffs(message.Agent, link);
            }
        }
    }

    private void OnFromAgent(CustomerKeyMessage.FromAgent message)
    {
        if (!_sessions.TryGetValue(message.Agent, out var link) || link.Link != message.Link || link.Context is not { } context)
        {
            return;
        }

        SecretBuffer body;
        MessageHeader header;
        try
        {
            body = context.Open(message.Message, out header);
        }
        catch (SessionException problem)
        {
            Log.SessionRefused(_log, _customer, message.Agent, problem.Code);
            _sessions.Remove(message.Agent);
            Drop(link, problem.Code);
            _outcomes!.Tell(new OutcomeMessage.Refusal($"agent/{message.Agent}", "session", problem.Code));
            return;
        }
        catch (SecretMemoryExhaustedException)
        {
            // What was said is lost with the message, so the session is too: in the next one the agent is asked again.
            _sessions.Remove(message.Agent);
            Drop(link, Codes.Busy);
            return;
        }

        using (body)
        {
            switch (header.Type)
            {
                case MessageType.Acknowledged or MessageType.Refused or MessageType.Barred or MessageType.UseEnded:
                    OnReport(message.Agent, header, body.Span);
                    break;
                case MessageType.Renew:
                    _writer!.Tell(new WriterMessage.Renew(new Change.Renewal(message.Agent, link.Boot)));
                    break;
                default:
                    Log.SessionRefused(_log, _customer, message.Agent, SessionFailure.Malformed);
                    break;
            }
        }
    }

    private void OnRenewed(CustomerKeyMessage.Renewed message)
    {
        if (message.Result.Value?.Grant is not { } grant || !_sessions.TryGetValue(message.Agent, out var link) || link.Context is null ||
            _secret is null || !grant.IsBy(_secret.Identity) || grant.Read<Grant>() is not { } renewed || renewed.Agent != message.Agent ||
            !renewed.Key.Equals(link.Grant.Key))
        {
            return;
        }

        link.Grant = renewed;
        var certificates = _node.AgentIssuer?.Issue(_customer, link.Grant, _node.Time.GetUtcNow()) ?? [];
        var renewal = new Protocol.Wire.Agent.Renewal
        {
            Grant = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(grant.Statement),
            GrantSignature = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(grant.Signature),
        };
        renewal.Certificates.AddRange(certificates.Select(c => Google.Protobuf.ByteString.CopyFrom(c)));
        Send(link, Header(MessageType.Renewed), Google.Protobuf.MessageExtensions.ToByteArray(renewal));
    }

    private void OnLinkLost(CustomerKeyMessage.LinkLost message)
    {
        if (_sessions.TryGetValue(message.Agent, out var link) && link.Link == message.Link)
        {
            _sessions.Remove(message.Agent);
            link.Context?.Dispose();
        }
    }

    private void ForgetRemovedAgent(EntryKey key, Pending pending)
    {
        var removed = pending.Leaves.Any(l => l.Key == key.LeafKey && l.Leaf == Digest.Zero);
        if (removed && Name.TryParse(key.Id, out var agent) && _sessions.Remove(agent, out var link))
        {
            Drop(link, Codes.AgentUnknown);
        }
    }

    private void EndSessions(string code)
    {
        foreach (var link in _sessions.Values)
        {
            Drop(link, code);
        }

        _sessions.Clear();
    }

    private static void Drop(AgentLink link, string code)
    {
        link.Context?.Dispose();
        link.Session.Tell(new AgentSessionMessage.Ended(link.Link, code));
    }

    /// <summary>A session that may still be used; one that is too old is ended, and the agent begins another.</summary>
    private AgentLink? Session(Name agent)
    {
        if (!_sessions.TryGetValue(agent, out var link) || link.Context is null)
        {
            return null;
        }

        if (_node.Time.GetElapsedTime(link.Since) < SessionLife)
        {
            return link;
        }

        _sessions.Remove(agent);
        Drop(link, Codes.HelloExpired);
        return null;
    }

    private MessageHeader Header(string type) => new(
        default, "", 0, type, _customer, default, default, 0, _fence, _head!.Value.Counter, [],
        _node.Time.GetUtcNow() + _node.Limits.HandOffTimeout);

    private void Send(AgentLink link, MessageHeader header, ReadOnlySpan<byte> body) =>
        link.Session.Tell(new AgentSessionMessage.Send(link.Link, link.Context!.Seal(header, body, _node.Random)));

    private sealed class AgentLink(Id16 link, ActorRef<AgentSessionMessage> session, Grant grant, byte[] ownerHello, long since)
    {
        public Id16 Link { get; } = link;

        public ActorRef<AgentSessionMessage> Session { get; } = session;

        public byte[] OwnerHello { get; } = ownerHello;

        public Grant Grant { get; set; } = grant;

        public long Since { get; set; } = since;

        public Signed? Answer { get; set; }

        public Id16 Boot { get; set; }

        public SessionContext? Context { get; set; }
    }
}
