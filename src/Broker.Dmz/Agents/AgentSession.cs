using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using SealedMessage = Broker.Secrets.SealedMessage;

namespace Broker.Dmz.Agents;

/// <summary>
/// One connected agent: carries sealed messages between the agent and the owner of its customer's key, and cannot read or forge
/// them. The owner is this node's key actor, or stands in for the agent on another node, over a relay. While there is no owner it waits and
/// tries again. It awaits neither the agent's link nor the relay while it handles messages, so the two directions do not block each other.
/// </summary>
internal sealed partial class AgentSession : Actor<AgentSessionMessage>
{
    private const string BeginTimer = "begin";
    private const string HandTimer = "hand";
    private const string TurnTimer = "turn";
    private const string GreetTimer = "greet";
    private const int LargestDoubling = 2;

    // Its list of nodes has another: no backoff, which is for nodes that do not answer.
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockedDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandDelay = TimeSpan.FromMilliseconds(20);

    // A relayed link on which nobody answers for so long is given up: whoever asked for it may not hold the agent at all.
    private static readonly TimeSpan GreetPatience = TimeSpan.FromSeconds(30);

    // The longest wait in line that a link without a session is kept for; others are told when to come again.
    private static readonly TimeSpan Line = TimeSpan.FromSeconds(10);

    private readonly AgentRouting _routing;
    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly Name _agent;
    private readonly CustomerRefs _refs;
    private readonly IAgentLink _link;
    private readonly Queue<(Id16 Session, Protocol.Wire.Agent.SealedMessage Message, FrameCredit? Credit)> _unhanded = [];
    private Id16 _session;
    private int _waits;
    private bool _hadSession;
    private bool _hasSlot;
    private bool _waitsForTurn;

    public AgentSession(AgentRouting routing, Name customer, Name agent, CustomerRefs refs, IAgentLink link)
    {
        _routing = routing;
        _node = routing.Node;
        _customer = customer;
        _agent = agent;
        _refs = refs;
        _link = link;
    }

    private ILogger Logger => _routing.Log;

    protected override ValueTask PreStart()
    {
        if (_link.IsRelayed)
        {
            Context.StartTimer(GreetTimer, new AgentSessionMessage.Overdue(), GreetPatience);
        }

        Context.Self.Tell(new AgentSessionMessage.Begin());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(AgentSessionMessage message)
    {
        switch (message)
        {
            case AgentSessionMessage.Send m when m.Link == _session:
                Enqueue(ToFrame(m.Message), m.Credit?.Take());
                break;
            case AgentSessionMessage.Received { Frame.KindCase: Frame.KindOneofCase.Goodbye }:
                Context.StopSelf();
                break;
            case AgentSessionMessage.Received m when _relay is not null:
                CarryUp(_relay, m.Frame, m.Credit?.Take());
                break;
            case AgentSessionMessage.Received m:
                await OnFrame(m.Frame, m.Credit?.Take());
                break;
            case AgentSessionMessage.Begin:
                await Begin();
                break;
            case AgentSessionMessage.Greet when _waitsForTurn:
                await OnTurn();
                break;
            case AgentSessionMessage.Ended m when m.Link == _session:
                Again(m.Code);
                break;
            case AgentSessionMessage.Send or AgentSessionMessage.Ended or AgentSessionMessage.Greet:
                break;
            case AgentSessionMessage.HandAgain when _relay is not null:
                PumpUp(_relay);
                break;
            case AgentSessionMessage.HandAgain:
                HandOn();
                break;
            case AgentSessionMessage.OwnerIs m:
                OnOwnerIs(m.Node);
                break;
            case AgentSessionMessage.LetGo:
                Close(TransferCodes.NodeDraining, AtOnce);
                break;
            case AgentSessionMessage.Overdue:
                Release(Codes.HelloExpired);
                break;
            default:
                if (!OnSent(message) && !OnRelay(message))
                {
                    Context.Unhandled(message);
                }

                break;
        }
    }

    protected override ValueTask PostStop()
    {
        _refs.Key.Tell(new CustomerKeyMessage.LinkLost(_agent, _session));
        LeaveRelay("closing", isKnown: false);
        LeavePlace();
        DropUnhanded();
        DropUnsent();
        if (_link is StandInLink standIn)
        {
            _routing.Relays.Remove(standIn);
        }

        _link.Release("closing");
        return ValueTask.CompletedTask;
    }

    private async Task OnFrame(Frame frame, FrameCredit? credit)
    {
        if (frame.KindCase == Frame.KindOneofCase.SealedMessage)
        {
            _unhanded.Enqueue((_session, frame.SealedMessage, credit));
            HandOn();
            return;
        }

        using (credit)
        {
            if (frame.KindCase != Frame.KindOneofCase.AgentHello)
            {
                Close(Secrets.SessionFailure.Malformed);
                return;
            }

            try
            {
                await Answer(frame.AgentHello);
            }
            catch (Exception problem) when (IsTransient(problem))
            {
                Again(Codes.ZoneUnavailable);
            }
        }
    }

    // A key actor whose mailbox is full gets them a moment later; until then the agent's link is not read any further.
    private void HandOn()
    {
        while (_unhanded.TryPeek(out var next))
        {
            // The message has a place of its own: where the key actor is busy the kernel gives that one back at once, and this one stays.
            var told = _refs.Key.TryTell(new CustomerKeyMessage.FromAgent(
                _agent, next.Session, ToMessage(next.Message), next.Credit?.Share()));
            if (told == TellResult.Busy)
            {
                Context.StartTimer(HandTimer, new AgentSessionMessage.HandAgain(), HandDelay);
                return;
            }

            _unhanded.Dequeue();
            next.Credit?.Dispose();
        }
    }

    private void DropUnhanded()
    {
        while (_unhanded.TryDequeue(out var waiting))
        {
            waiting.Credit?.Dispose();
        }
    }

    // Locked, too old, or the zone was away: the link stays, a new session begins on it.
    private void Again(string code)
    {
        Log.Ended(Logger, _customer, _agent, code);
        if (code is Codes.AgentUnknown or Codes.LinkLost)
        {
            // Another link of the agent took over: beginning again here would take the session back from it.
            Close(code);
        }
        else if (_link.IsRelayed)
        {
            Release(code);
        }
        else
        {
            Wait();
        }
    }

    /// <summary>Tries again later: the more often in vain, the later, and not all at once.</summary>
    private void Wait()
    {
        var longest = LockedDelay * (1 << Math.Min(_waits, LargestDoubling));
        _waits++;
        _hasSlot = false;
        LeavePlace();
        Context.StartTimer(BeginTimer, new AgentSessionMessage.Begin(), longest * (1 - (0.5 * Context.Random.NextDouble())));
    }

    private void Close(string code, TimeSpan after = default)
    {
        Log.Ended(Logger, _customer, _agent, code);
        _link.Close(code, after);
        Context.StopSelf();
    }

    private void Release(string code)
    {
        Log.Ended(Logger, _customer, _agent, code);
        _link.Release(code);
        Context.StopSelf();
    }

    private static bool IsTransient(Exception problem) => problem is ZoneUnavailableException or ZoneUnknownOutcomeException or
        ZoneRefusedException or AskTimeoutException or ActorBusyException or MalformedException;

    private static SealedMessage ToMessage(Protocol.Wire.Agent.SealedMessage frame) =>
        new(frame.Header.Memory, frame.Random.Memory, frame.Commitment.Memory, frame.Ciphertext.Memory);

    private static Frame ToFrame(SealedMessage message) => new()
    {
        SealedMessage = new Protocol.Wire.Agent.SealedMessage
        {
            Header = UnsafeByteOperations.UnsafeWrap(message.Header),
            Random = UnsafeByteOperations.UnsafeWrap(message.Random),
            Commitment = UnsafeByteOperations.UnsafeWrap(message.Commitment),
            Ciphertext = UnsafeByteOperations.UnsafeWrap(message.Ciphertext),
        },
    };

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Information, "agent {Customer}/{Agent}: session open")]
        public static partial void Connected(ILogger log, Name customer, Name agent);

        [LoggerMessage(2302, LogLevel.Information, "agent {Customer}/{Agent}: session ended ({Code})")]
        public static partial void Ended(ILogger log, Name customer, Name agent, string code);

        [LoggerMessage(2303, LogLevel.Debug, "agent {Customer}/{Agent}: waiting for the zone or the key")]
        public static partial void Waiting(ILogger log, Name customer, Name agent);

        [LoggerMessage(2304, LogLevel.Error, "agent {Customer}/{Agent}: a used generation was presented; suspended, look for a clone")]
        public static partial void Suspended(ILogger log, Name customer, Name agent);

        [LoggerMessage(2305, LogLevel.Debug, "agent {Customer}/{Agent}: carried to and from node {Owner}, which owns the customer")]
        public static partial void Relayed(ILogger log, Name customer, Name agent, Name owner);

        [LoggerMessage(2306, LogLevel.Debug, "agent {Customer}/{Agent}: the link is lost ({Cause})")]
        public static partial void Lost(ILogger log, Name customer, Name agent, string cause);
    }
}
