using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.HandOvers;
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

    // Sealed messages that an agent's link has not taken. Beyond them the agent is too slow for what is launched on it.
    private const int MaxUnsent = 256;
    private const long MaxUnsentBytes = 16 << 20;

    // Hellos of one agent that wait for their answer; a certificate with its name is enough to ask for one.
    private const int MaxHellos = 32;

    private readonly Dictionary<Name, AgentLink> _sessions = [];
    private readonly Dictionary<Name, List<AgentLink>> _hellos = [];

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
        Await(message.Agent, new AgentLink(message.Link, message.Session, grant, hello, _node.Time.GetTimestamp()));
        return new SessionHello(hello);
    }

    // The session that there is stays until the other end has proved to be the agent.
    private void Await(Name agent, AgentLink link)
    {
        if (!_hellos.TryGetValue(agent, out var waiting))
        {
            _hellos[agent] = waiting = [];
        }

        if (waiting.Count >= MaxHellos)
        {
            Drop(waiting[0], Codes.HelloExpired);
            waiting.RemoveAt(0);
        }

        waiting.Add(link);
    }

    private AgentLink? Awaited(Name agent, Id16 link) => _hellos.GetValueOrDefault(agent)?.Find(l => l.Link == link);

    private void Forget(Name agent, AgentLink link)
    {
        if (_hellos.TryGetValue(agent, out var waiting) && waiting.Remove(link) && waiting.Count == 0)
        {
            _hellos.Remove(agent);
        }
    }

    private Result<VerifiedHello> OnAnswer(CustomerKeyMessage.AgentAnswered message)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (Awaited(message.Agent, message.Link) is not { Answer: null } link)
        {
            return new Refused(Codes.HelloOfAnother, "no hello of this link waits for an answer");
        }

        if (_node.Time.GetElapsedTime(link.Since) > HelloLife)
        {
            return RefuseHello(message.Agent, link, Codes.HelloExpired, "the answer came too late; connect again");
        }

        AgentHello hello;
        try
        {
            hello = OwnerHandshake.Read(link.OwnerHello, message.AgentHello, link.Grant.Key);
        }
        catch (SessionException problem)
        {
            return RefuseHello(message.Agent, link, problem.Code, "the answer is not one to this hello by the agent's key");
        }

        // Agents are told of committed heads alone, so there is no head in flight that one could have seen.
        if (hello.HighestHead > _head!.Value.Counter)
        {
            return RefuseHello(message.Agent, link, Codes.HeadRolledBack, "the agent has seen a later head than the one that is unlocked");
        }

        // An expired grant is renewed only at its own boot; a valid one may move to a new boot by the zone's generation.
        if (link.Grant.NotAfter < _node.Time.GetUtcNow() && hello.Boot != link.Grant.Boot)
        {
            return RefuseHello(
                message.Agent, link, Codes.GrantBootDiffers, "the grant is over and the host was started again; invite the agent again");
        }

        link.Answer = message.AgentHello;
        link.Boot = hello.Boot;
        return new VerifiedHello(hello.Boot, hello.Generation, _fence);
    }

    private Refused RefuseHello(Name agent, AgentLink link, string code, string detail)
    {
        Log.SessionRefused(_log, _customer, agent, code);
        Forget(agent, link);
        ReportRefusal($"agent/{agent}", "session", code);
        return new Refused(code, detail);
    }

    private Result<OwnerFinish> OnFinish(CustomerKeyMessage.Finish message)
    {
        if (_state != KeyState.Unlocked || Awaited(message.Agent, message.Link) is not { Answer: { } answer } link)
        {
            return new Refused(Codes.HelloOfAnother, "no answered hello of this link waits");
        }

        Forget(message.Agent, link);
        OwnerFinish finish;
        try
        {
            (link.Context, finish) = OwnerHandshake.Finish(link.OwnerHello, answer, _secret!, _node.Random);
        }
        catch (SealedDataException)
        {
            return new Refused(SessionFailure.Malformed, "the agent's ephemeral key is not a point of P-256");
        }
        catch (SecretMemoryExhaustedException)
        {
            return new Refused(Codes.Busy, "the node's locked memory is full; the agent connects again");
        }

        link.Since = _node.Time.GetTimestamp();
        if (_sessions.Remove(message.Agent, out var old))
        {
            Drop(old, Codes.LinkLost);
        }

        _sessions[message.Agent] = link;

        // The third message goes out before what is asked of the agent, since the reply is sent first by the session's actor.
        AskForOpenHandOffs(message.Agent, link);
        Arrived(message.Agent);
        _handOvers?.Tell(new HandOverMessage.AgentHere());
        return finish;
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
            ReportRefusal($"agent/{message.Agent}", "session", problem.Code);
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
                    Answered(message.Agent, link, header.HandOff);
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
        if (Awaited(message.Agent, message.Link) is { } waiting)
        {
            Forget(message.Agent, waiting);
        }

        if (_sessions.TryGetValue(message.Agent, out var link) && link.Link == message.Link)
        {
            _sessions.Remove(message.Agent);
            link.Context?.Dispose();
        }
    }

    private void ForgetRemovedAgent(EntryKey key, Pending pending)
    {
        if (!pending.Leaves.Any(l => l.Key == key.LeafKey && l.Leaf == Digest.Zero) || !Name.TryParse(key.Id, out var agent))
        {
            return;
        }

        if (_hellos.Remove(agent, out var waiting))
        {
            waiting.ForEach(l => Drop(l, Codes.AgentUnknown));
        }

        if (_sessions.Remove(agent, out var link))
        {
            Drop(link, Codes.AgentUnknown);
        }
    }

    private void EndSessions(string code)
    {
        foreach (var link in _sessions.Values.Concat(_hellos.Values.SelectMany(static l => l)))
        {
            Drop(link, code);
        }

        _sessions.Clear();
        _hellos.Clear();
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

    private void Send(AgentLink link, MessageHeader header, ReadOnlySpan<byte> body) => link.Session.Tell(new AgentSessionMessage.Send(
        link.Link, link.Context!.Seal(header, body, _node.Random), link.Unsent.Hold(body.Length)));

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

        /// <summary>What was sealed to the agent and is not with its link yet.</summary>
        public FrameWindow Unsent { get; } = new(MaxUnsent, MaxUnsentBytes);

        /// <summary>Open hand-offs and uses for which the agent is still to be asked.</summary>
        public Queue<Id16> Unasked { get; } = [];

        /// <summary>Those for which it was asked and has not answered.</summary>
        public HashSet<Id16> Asked { get; } = [];
    }
}
