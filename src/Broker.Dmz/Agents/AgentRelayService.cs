using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Agents;

/// <summary>
/// This node's side of agents' sessions across nodes. A peer may carry, keep back and repeat; what it names counts only for relays with
/// itself, and what it carries is believed by nobody but the two ends of the sealed session.
/// </summary>
/// <param name="routing">What the sessions share.</param>
/// <param name="customers">The key actors.</param>
/// <param name="agents">Sessions of links that this node holds.</param>
/// <param name="standIns">Sessions with agents that others hold.</param>
internal sealed class AgentRelayService(
    AgentRouting routing, CustomerRegistry customers, ActorRef<AgentsMessage> agents, ActorRef<AgentsMessage> standIns)
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoomTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long the agent's link may take to accept frames; shorter than the caller's deadline.</summary>
    private static readonly TimeSpan CarryTimeout = TimeSpan.FromSeconds(15);

    public async Task<ZoneAnswer<Wire.OpenAgentReply>> Open(
        PeerIdentity peer, Wire.OpenAgentRequest request, CancellationToken cancellation)
    {
        var (customer, agent, relay) = (Name.Parse(request.Customer), Name.Parse(request.Agent), new Id16(request.Relay.Span));
        if (routing.Node.Peers.Find(peer.Name) is not { } holder)
        {
            return ZoneRefusal.Refused(RelayCodes.PeerUnknown, "this node does not know the one that asks; see broker.dmz.peers.nodes");
        }

        if (customers.Known(customer) is not { } refs || !await IsOwned(refs, cancellation))
        {
            return ZoneRefusal.Refused(TransferCodes.NotOwner, "this node does not own the customer now");
        }

        if (!routing.Relays.PaceOf(peer.Name).TryReserve(TimeSpan.Zero, out var after))
        {
            return new Wire.OpenAgentReply { AfterMilliseconds = (uint)Math.Max(1, after.TotalMilliseconds) };
        }

        var link = new StandInLink(holder, relay, customer, agent, routing.Node.Time);
        if (routing.Relays.TryAdd(link) is { } refused)
        {
            return ZoneRefusal.Busy(refused.Code, refused.Detail);
        }

        try
        {
            var opened = await standIns.Ask<Result<SessionRef>>(
                reply => new AgentsMessage.Open(customer, agent, refs, link, reply), AskTimeout, cancellation);
            link.Session = opened.Value!.Session;
        }
        catch (Exception problem) when (problem is ActorException or OperationCanceledException)
        {
            routing.Relays.Remove(link);
            return ZoneRefusal.Busy(Codes.Busy, "this node is busy; try again");
        }

        routing.Directory.Heard(customer, agent, peer.Name);
        return new Wire.OpenAgentReply();
    }

    public async Task<ZoneAnswer<Wire.CarryFramesReply>> Up(
        PeerIdentity peer, Wire.CarryFramesRequest request, CancellationToken cancellation)
    {
        if (routing.Relays.StandIn(peer.Name, new Id16(request.Relay.Span)) is not { Session: { } session } link)
        {
            return UnknownRelay;
        }

        if (!link.TryEnter())
        {
            return Full;
        }

        try
        {
            link.Saw();
            if (Read(request, AgentRelayOperations.MaxFrameUp, Frame.KindOneofCase.AgentHello, Frame.KindOneofCase.SealedMessage) is not
                { } frames)
            {
                routing.Relays.End(link, RelayCodes.Malformed);
                return ZoneRefusal.Refused(RelayCodes.Malformed, "an agent says nothing of this form");
            }

            using var limit = new CancellationTokenSource(RoomTimeout, routing.Node.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            await link.Up.RoomAsync(either.Token);
            for (var i = 0; i < frames.Count; i++)
            {
                session.Tell(new AgentSessionMessage.Received(frames[i], link.Up.Hold(request.Frames[i].Length)));
            }

            return new Wire.CarryFramesReply();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Full;
        }
        finally
        {
            link.Leave();
        }
    }

    public async Task<ZoneAnswer<Wire.CarryFramesReply>> Down(
        PeerIdentity peer, Wire.CarryFramesRequest request, CancellationToken cancellation)
    {
        var relay = new Id16(request.Relay.Span);
        if (!routing.Relays.TryHeld(peer.Name, relay, out var session))
        {
            return UnknownRelay;
        }

        if (Read(
            request, AgentRelayOperations.MaxDown, Frame.KindOneofCase.OwnerHello, Frame.KindOneofCase.OwnerFinish,
            Frame.KindOneofCase.SealedMessage) is not { } frames)
        {
            return ZoneRefusal.Refused(RelayCodes.Malformed, "an owner says nothing of this form");
        }

        try
        {
            var carried = await session.Ask<Result<Carried>>(
                reply => new AgentSessionMessage.Carry(relay, frames, reply), CarryTimeout, cancellation);
            return carried switch
            {
                { Value: not null } => new Wire.CarryFramesReply(),
                { Code: Codes.Busy } => ZoneRefusal.Busy(Codes.Busy, carried.Detail!),
                _ => ZoneRefusal.Refused(carried.Code!, carried.Detail!),
            };
        }
        catch (ActorBusyException)
        {
            return Full;
        }
        catch (Exception problem) when (problem is ActorStoppedException or AskTimeoutException)
        {
            return UnknownRelay;
        }
    }

    public Task<ZoneAnswer<Wire.CloseAgentReply>> Close(PeerIdentity peer, Wire.CloseAgentRequest request, CancellationToken _)
    {
        var relay = new Id16(request.Relay.Span);
        if (request.ByOwner && routing.Relays.TryHeld(peer.Name, relay, out var session))
        {
            session.Tell(new AgentSessionMessage.RelayOver(relay, Code(request.Code), request.Again, IsKnown: true));
        }
        else if (!request.ByOwner && routing.Relays.StandIn(peer.Name, relay) is { } link)
        {
            link.IsOver = true;
            routing.Relays.End(link, Codes.LinkLost);
        }

        return Task.FromResult<ZoneAnswer<Wire.CloseAgentReply>>(new Wire.CloseAgentReply());
    }

    public Task<ZoneAnswer<Wire.CheckAgentsReply>> Check(PeerIdentity peer, Wire.CheckAgentsRequest request, CancellationToken _)
    {
        if (request.Relays.Count > AgentRelayOperations.MaxNamed)
        {
            return Task.FromResult<ZoneAnswer<Wire.CheckAgentsReply>>(TooMany);
        }

        var reply = new Wire.CheckAgentsReply();
        foreach (var relay in request.Relays)
        {
            if (routing.Relays.StandIn(peer.Name, new Id16(relay.Span)) is { } link)
            {
                link.Saw();
            }
            else
            {
                reply.Unknown.Add(relay);
            }
        }

        return Task.FromResult<ZoneAnswer<Wire.CheckAgentsReply>>(reply);
    }

    public Task<ZoneAnswer<Wire.CallAgentsReply>> Call(PeerIdentity _, Wire.CallAgentsRequest request, CancellationToken __)
    {
        if (request.Customers.Count > AgentRelayOperations.MaxNamed)
        {
            return Task.FromResult<ZoneAnswer<Wire.CallAgentsReply>>(TooMany);
        }

        agents.Tell(new AgentsMessage.Called([.. request.Customers.Select(Name.Parse)]));
        return Task.FromResult<ZoneAnswer<Wire.CallAgentsReply>>(new Wire.CallAgentsReply());
    }

    public Task<ZoneAnswer<Wire.FindAgentReply>> Find(PeerIdentity _, Wire.FindAgentRequest request, CancellationToken __) =>
        Task.FromResult<ZoneAnswer<Wire.FindAgentReply>>(new Wire.FindAgentReply
        {
            Held = routing.Directory.IsHere(Name.Parse(request.Customer), Name.Parse(request.Agent)),
        });

    private static ZoneRefusal UnknownRelay { get; } = ZoneRefusal.Refused(RelayCodes.Unknown, "there is no such relay with this node");

    private static ZoneRefusal Full { get; } = ZoneRefusal.Busy(Codes.Busy, "what came before is not handled yet; send it again");

    private static ZoneRefusal TooMany { get; } = ZoneRefusal.Refused("too-large", "name at most 1000 at a time");

    private static async Task<bool> IsOwned(CustomerRefs refs, CancellationToken cancellation)
    {
        try
        {
            var status = await refs.Key.Ask<KeyStatus>(reply => new CustomerKeyMessage.GetStatus(reply), AskTimeout, cancellation);
            return status.State == KeyState.Unlocked;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
        catch (ActorBusyException)
        {
            return false;
        }
    }

    private static List<Frame>? Read(Wire.CarryFramesRequest request, int maxFrame, params ReadOnlySpan<Frame.KindOneofCase> kinds)
    {
        if (request.Frames.Count is 0 or > AgentRelayOperations.MaxFrames)
        {
            return null;
        }

        var frames = new List<Frame>(request.Frames.Count);
        foreach (var bytes in request.Frames)
        {
            if (bytes.Length > maxFrame || Parse(bytes) is not { } frame || !kinds.Contains(frame.KindCase))
            {
                return null;
            }

            frames.Add(frame);
        }

        return frames;
    }

    private static Frame? Parse(ByteString bytes)
    {
        try
        {
            return WireReader.Read(Frame.Parser, bytes.Span);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    // It reaches the agent and logs: only what has the form of a code.
    private static string Code(string code) =>
        code.Length is > 0 and <= 63 && code.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? code
            : RelayCodes.Malformed;
}
