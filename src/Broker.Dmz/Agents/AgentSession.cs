using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using SealedMessage = Broker.Secrets.SealedMessage;
using Wire = Broker.Protocol.Wire;

namespace Broker.Dmz.Agents;

/// <summary>
/// One connected agent: carries sealed messages between the agent and the owner of its customer's key, and cannot read or forge
/// them. While the customer is locked it waits and tries again.
/// </summary>
internal sealed partial class AgentSession : Actor<AgentSessionMessage>
{
    private const string BeginTimer = "begin";

    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockedDelay = TimeSpan.FromSeconds(1);

    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly Name _agent;
    private readonly CustomerRefs _refs;
    private readonly IAgentLink _link;
    private readonly ILogger _log;
    private Id16 _session;

    public AgentSession(DmzContext node, Name customer, Name agent, CustomerRefs refs, IAgentLink link, ILogger log)
    {
        _node = node;
        _customer = customer;
        _agent = agent;
        _refs = refs;
        _link = link;
        _log = log;
    }

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new AgentSessionMessage.Begin());
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(AgentSessionMessage message)
    {
        switch (message)
        {
            case AgentSessionMessage.Send m when m.Link == _session:
                await _link.SendAsync(ToFrame(m.Message), Context.Stopping);
                break;
            case AgentSessionMessage.Received m:
                await OnFrame(m.Frame);
                break;
            case AgentSessionMessage.Begin:
                await Begin();
                break;
            case AgentSessionMessage.Ended m when m.Link == _session:
                Again(m.Code);
                break;
            case AgentSessionMessage.Send or AgentSessionMessage.Ended:
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    protected override ValueTask PostStop()
    {
        _refs.Key.Tell(new CustomerKeyMessage.LinkLost(_agent, _session));
        _link.Close("closing");
        return ValueTask.CompletedTask;
    }

    private async Task Begin()
    {
        _session = _node.NewId();
        try
        {
            var request = new Wire.Zone.ReadEntriesRequest { Customer = _customer.Value };
            request.Keys.Add(new Wire.Zone.EntryKey { Type = EntryKey.GrantType, Id = _agent.Value });
            var read = await _node.Zone.ReadEntriesAsync(request, Context.Stopping);
            var hello = await _refs.Key.Ask<Result<SessionHello>>(
                reply => new CustomerKeyMessage.Hello(
                    _agent, _session, [.. read.Entries.Select(ProvenEntry.From)], WireSigned.From(read.Head), Context.Self, reply),
                AskTimeout, Context.Stopping);
            if (hello.Value is { } value)
            {
                var frame = new Wire.Agent.OwnerHello { Statement = UnsafeByteOperations.UnsafeWrap(value.Statement) };
                frame.Successions.AddRange(await Successions(WireSigned.From(read.Head)));
                await _link.SendAsync(new Frame { OwnerHello = frame }, Context.Stopping);
                return;
            }

            if (hello.Code == Codes.AgentUnknown)
            {
                Close(hello.Code);
                return;
            }
        }
        catch (Exception problem) when (IsTransient(problem))
        {
            Log.Waiting(_log, _customer, _agent);
        }

        Context.StartTimer(BeginTimer, new AgentSessionMessage.Begin(), LockedDelay);
    }

    // Nobody has to believe them: each carries its signatures.
    private async Task<IEnumerable<Wire.Agent.Succession>> Successions(Signed head)
    {
        if (head.Read<CustomerHead>().Epoch == 1)
        {
            return [];
        }

        var state = await _node.Zone.GetCustomerAsync(
            new Wire.Zone.GetCustomerRequest { Customer = _customer.Value }, Context.Stopping);
        return state.Successions.Select(static s => new Wire.Agent.Succession { Record = s.Statement, Signature = s.Signature });
    }

    private async Task OnFrame(Frame frame)
    {
        try
        {
            switch (frame.KindCase)
            {
                case Frame.KindOneofCase.SealedMessage:
                    _refs.Key.Tell(new CustomerKeyMessage.FromAgent(_agent, _session, ToMessage(frame.SealedMessage)));
                    break;
                case Frame.KindOneofCase.AgentHello:
                    await Answer(frame.AgentHello);
                    break;
                case Frame.KindOneofCase.Goodbye:
                    Context.StopSelf();
                    break;
                default:
                    Close(SessionFailure.Malformed);
                    break;
            }
        }
        catch (Exception problem) when (IsTransient(problem))
        {
            Again(Codes.ZoneUnavailable);
        }
    }

    private async Task Answer(Wire.Agent.AgentHello frame)
    {
        var answer = await _refs.Key.Ask<Result<VerifiedHello>>(
            reply =>
                new CustomerKeyMessage.AgentAnswered(_agent, _session, new Signed(frame.Statement.Memory, frame.Signature.Memory), reply),
            AskTimeout, Context.Stopping);
        if (answer.Value is not { } hello)
        {
            Close(answer.Code!);
            return;
        }

        var advanced = await Advance(hello);
        if (!advanced.Accepted)
        {
            Log.Suspended(_log, _customer, _agent);
            Close(advanced.Suspended ? Codes.AgentSuspended : Codes.GenerationAhead);
            return;
        }

        await Finish();
    }

    private async Task<Wire.Zone.AdvanceGenerationReply> Advance(VerifiedHello hello)
    {
        try
        {
            return await _node.Zone.AdvanceGenerationAsync(
                new Wire.Zone.AdvanceGenerationRequest
                {
                    Customer = _customer.Value,
                    Fence = hello.Fence,
                    Agent = _agent.Value,
                    Boot = ByteString.CopyFrom(hello.Boot.ToArray()),
                    Generation = hello.Generation,
                },
                Context.Stopping);
        }
        catch (ZoneRefusedException refused) when (refused.Code == Codes.FenceStale)
        {
            _refs.Key.Tell(new CustomerKeyMessage.Deposed(hello.Fence));
            throw;
        }
    }

    private async Task Finish()
    {
        var finish = await _refs.Key.Ask<Result<Secrets.OwnerFinish>>(
            reply => new CustomerKeyMessage.Finish(_agent, _session, reply), AskTimeout, Context.Stopping);
        if (finish.Value is not { } done)
        {
            Close(finish.Code!);
            return;
        }

        await _link.SendAsync(
            new Frame
            {
                OwnerFinish = new Wire.Agent.OwnerFinish
                {
                    Encapsulation = UnsafeByteOperations.UnsafeWrap(done.Encapsulation),
                    Signature = UnsafeByteOperations.UnsafeWrap(done.Signature),
                    Identity = UnsafeByteOperations.UnsafeWrap(done.Identity.Bytes),
                },
            },
            Context.Stopping);
        Log.Connected(_log, _customer, _agent);
    }

    // Locked, too old, or the zone was away: the link stays, a new session begins on it.
    private void Again(string code)
    {
        Log.Ended(_log, _customer, _agent, code);
        if (code is Codes.AgentUnknown or Codes.LinkLost)
        {
            // Another link of the agent took over: beginning again here would take the session back from it.
            Close(code);
            return;
        }

        Context.StartTimer(BeginTimer, new AgentSessionMessage.Begin(), LockedDelay);
    }

    private void Close(string code)
    {
        Log.Ended(_log, _customer, _agent, code);
        _link.Close(code);
        Context.StopSelf();
    }

    private static bool IsTransient(Exception problem) => problem is ZoneUnavailableException or ZoneUnknownOutcomeException or
        ZoneRefusedException or AskTimeoutException or ActorBusyException or MalformedException;

    private static SealedMessage ToMessage(Wire.Agent.SealedMessage frame) =>
        new(frame.Header.Memory, frame.Random.Memory, frame.Commitment.Memory, frame.Ciphertext.Memory);

    private static Frame ToFrame(SealedMessage message) => new()
    {
        SealedMessage = new Wire.Agent.SealedMessage
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
    }
}

/// <summary>The link beneath a session.</summary>
internal interface IAgentLink
{
    /// <summary>Sends a frame; a slow agent is bounded by the session's mailbox.</summary>
    Task SendAsync(Frame frame, CancellationToken cancellationToken);

    /// <summary>Says goodbye and closes.</summary>
    void Close(string code);
}
