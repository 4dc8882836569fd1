using Broker.Dmz.Customers;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Agents;

/// <content>
/// Where another node owns the customer: frames go to and from its stand-in for the agent, over the peer link. A relay that fails in any
/// way is over, and the owner is looked for again; the sealed session ends with it.
/// </content>
internal sealed partial class AgentSession
{
    private static readonly TimeSpan BusyDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private RelayToOwner? _relay;

    private void OpenRelay(PeerCaller peer)
    {
        var relay = _relay = new RelayToOwner(peer, _node.NewId());
        _routing.Relays.Hold(relay.Id, peer.Node, Context.Self);
        var request = new Wire.OpenAgentRequest { Customer = _customer.Value, Agent = _agent.Value, Relay = relay.Wire };
        Context.PipeToSelf(
            peer.CallAsync(AgentRelayOperations.Open, request, Context.Stopping),
            reply => new AgentSessionMessage.RelayOpened(relay.Id, TimeSpan.FromMilliseconds(reply.AfterMilliseconds)),
            e => Over(relay, e));
    }

    // Only an end whose fate is not known is told to the owner: what was refused, or never arrived, is not there.
    private static AgentSessionMessage.RelayOver Over(RelayToOwner relay, Exception problem) => new(
        relay.Id, problem is ZoneException zone ? zone.Code : Codes.LinkLost, Again: true,
        IsKnown: problem is ZoneRefusedException or ZoneUnavailableException);

    private bool OnRelay(AgentSessionMessage message)
    {
        switch (message)
        {
            case AgentSessionMessage.Carry m when _relay is { } relay && relay.Id == m.Relay:
                OnCarry(relay, m);
                return true;
            case AgentSessionMessage.Carry m:
                m.ReplyTo.Tell(new Refused(RelayCodes.Unknown, "the relay is over"));
                return true;
            case AgentSessionMessage.RelayOpened m:
                OnOpened(m);
                return true;
            case AgentSessionMessage.RelayOver m:
                OnOver(m);
                return true;
            case AgentSessionMessage.CarriedUp m:
                OnCarriedUp(m);
                return true;
            default:
                return false;
        }
    }

    private void OnOpened(AgentSessionMessage.RelayOpened message)
    {
        if (_relay is not { } relay || relay.Id != message.Relay)
        {
            return;
        }

        if (message.After > TimeSpan.Zero)
        {
            LeaveRelay(Codes.Busy, isKnown: true);
            var after = message.After < HandshakePace.Latest ? message.After : HandshakePace.Latest;
            Context.StartTimer(BeginTimer, new AgentSessionMessage.Begin(), after * (1 + (0.25 * Context.Random.NextDouble())));
            return;
        }

        relay.IsOpen = true;
        _routing.Relays.Opened(relay.Id);
        Log.Relayed(Logger, _customer, _agent, relay.Peer.Node);
        PumpUp(relay);
    }

    private void OnOver(AgentSessionMessage.RelayOver message)
    {
        if (_relay is not { } relay || relay.Id != message.Relay)
        {
            return;
        }

        LeaveRelay(message.Code, message.IsKnown);
        if (message.Again)
        {
            Log.Ended(Logger, _customer, _agent, message.Code);
            _routing.Owners.Forget(_customer);
            Wait();
        }
        else
        {
            Close(message.Code);
        }
    }

    private void CarryUp(RelayToOwner relay, Frame frame, FrameCredit? credit)
    {
        if (frame.CalculateSize() > AgentRelayOperations.MaxFrameUp)
        {
            credit?.Dispose();
            Close(RelayCodes.FrameTooLarge);
            return;
        }

        relay.Up.Enqueue((frame.ToByteString(), credit));
        PumpUp(relay);
    }

    private void PumpUp(RelayToOwner relay)
    {
        if (!relay.IsOpen || relay.Carrying > 0 || relay.Up.Count == 0)
        {
            return;
        }

        var request = new Wire.CarryFramesRequest { Relay = relay.Wire };
        var bytes = 0;
        foreach (var (frame, _) in relay.Up)
        {
            bytes += frame.Length;
            if (request.Frames.Count == AgentRelayOperations.MaxFrames || bytes > AgentRelayOperations.MaxUp)
            {
                break;
            }

            request.Frames.Add(frame);
        }

        relay.Carrying = request.Frames.Count;
        Context.PipeToSelf<Wire.CarryFramesReply>(
            relay.Peer.CallAsync(AgentRelayOperations.Up, request, Context.Stopping),
            _ => new AgentSessionMessage.CarriedUp(relay.Id, Busy: false),
            e => e is ZoneUnavailableException { Code: Codes.Busy } ? new AgentSessionMessage.CarriedUp(relay.Id, Busy: true)
                : Over(relay, e) with { IsKnown = false });
    }

    private void OnCarriedUp(AgentSessionMessage.CarriedUp message)
    {
        if (_relay is not { } relay || relay.Id != message.Relay)
        {
            return;
        }

        if (message.Busy)
        {
            // Nothing of it was taken: the same frames again, a moment later.
            relay.Carrying = 0;
            Context.StartTimer(HandTimer, new AgentSessionMessage.HandAgain(), BusyDelay);
        }
        else
        {
            for (; relay.Carrying > 0; relay.Carrying--)
            {
                relay.Up.Dequeue().Credit?.Dispose();
            }

            PumpUp(relay);
        }
    }

    private void OnCarry(RelayToOwner relay, AgentSessionMessage.Carry message)
    {
        if (_unsent.Count + message.Frames.Count > MaxCarried)
        {
            message.ReplyTo.Tell(new Refused(Codes.Busy, "the agent does not take what is sent to it; send it again later"));
            return;
        }

        for (var i = 0; i < message.Frames.Count; i++)
        {
            if (message.Frames[i].KindCase == Frame.KindOneofCase.OwnerFinish)
            {
                (_hadSession, _waits) = (true, 0);
            }

            Enqueue(message.Frames[i], credit: null, i == message.Frames.Count - 1 ? message.ReplyTo : null);
        }
    }

    private void LeaveRelay(string code, bool isKnown)
    {
        if (_relay is not { } relay)
        {
            return;
        }

        _relay = null;
        _routing.Relays.Drop(relay.Id);
        while (relay.Up.TryDequeue(out var waiting))
        {
            waiting.Credit?.Dispose();
        }

        if (!isKnown)
        {
            _ = Tell(relay, code, _node.Time);
        }
    }

    private static async Task Tell(RelayToOwner relay, string code, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(ClosePatience, time);
        try
        {
            await relay.Peer.CallAsync(
                AgentRelayOperations.Close, new Wire.CloseAgentRequest { Relay = relay.Wire, Code = code }, limit.Token);
        }
        catch (Exception problem) when (problem is ZoneException or OperationCanceledException)
        {
            // The owner gives up a stand-in of which nobody speaks.
        }
    }

    private sealed class RelayToOwner(PeerCaller peer, Id16 id)
    {
        public PeerCaller Peer => peer;

        public Id16 Id => id;

        public ByteString Wire { get; } = ByteString.CopyFrom(id.ToArray());

        public bool IsOpen { get; set; }

        /// <summary>Frames at the head of <see cref="Up"/> that are on their way.</summary>
        public int Carrying { get; set; }

        public Queue<(ByteString Frame, FrameCredit? Credit)> Up { get; } = [];
    }
}
