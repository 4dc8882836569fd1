using Broker.Dmz.Customers;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire;

namespace Broker.Dmz.Agents;

/// <content>Who the owner is, and the three messages of a session where it is this node's key actor.</content>
internal sealed partial class AgentSession
{
    private async Task Begin()
    {
        LeaveRelay("looking-for-owner", isKnown: false);
        LeavePlace();
        try
        {
            if (await FindPeerThatOwns() is { } peer)
            {
                LeaveKey();
                OpenRelay(peer);
                return;
            }

            if (TakesSlot())
            {
                _waitsForTurn = true;
                Context.StartTimer(TurnTimer, new AgentSessionMessage.Greet(), HandshakePlaces.Patience);
                _routing.Places.Enter(Context.Self);
            }

            return;
        }
        catch (Exception problem) when (IsTransient(problem))
        {
            Log.Waiting(Logger, _customer, _agent);
        }

        Wait();
    }

    // By its timer it keeps its place in the line: the handshake is one of those that are under way when it is its turn.
    private async Task OnTurn()
    {
        _waitsForTurn = false;
        Context.CancelTimer(TurnTimer);
        try
        {
            await Greet();
            return;
        }
        catch (Exception problem) when (IsTransient(problem))
        {
            Log.Waiting(Logger, _customer, _agent);
        }

        Wait();
    }

    private void LeavePlace()
    {
        _waitsForTurn = false;
        Context.CancelTimer(TurnTimer);
        _routing.Places.Leave(Context.Self);
    }

    // A stand-in never passes on: its holder looks for the owner.
    private async Task<PeerCaller?> FindPeerThatOwns() =>
        !_link.IsRelayed && _node.Peers.Others.Count > 0 &&
        await _routing.Owners.FindAsync(_customer, Context.Stopping) is { } owner && owner != _node.Node
            ? _node.Peers.Find(owner)
            : null;

    /// <summary>Takes a place among the sessions that are begun; false where it has to wait for it, or the line is too long.</summary>
    private bool TakesSlot()
    {
        // Who asked for a relay took a place with it.
        if (_hasSlot || _link.IsRelayed)
        {
            _hasSlot = false;
            return true;
        }

        if (!_routing.Pace.TryReserve(_hadSession ? HandshakePace.Latest : Line, out var wait))
        {
            if (_hadSession)
            {
                Context.StartTimer(BeginTimer, new AgentSessionMessage.Begin(), wait);
            }
            else
            {
                Close(Codes.Busy, wait);
            }

            return false;
        }

        if (wait == TimeSpan.Zero)
        {
            return true;
        }

        _hasSlot = true;
        Context.StartTimer(BeginTimer, new AgentSessionMessage.Begin(), wait);
        return false;
    }

    private async Task Greet()
    {
        LeaveKey();
        _session = _node.NewId();
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
            Enqueue(new Frame { OwnerHello = frame });
        }
        else if (hello.Code == Codes.AgentUnknown)
        {
            Close(hello.Code);
        }
        else if (_link.IsRelayed)
        {
            Release(hello.Code!);
        }
        else
        {
            _routing.Owners.Forget(_customer);
            Wait();
        }
    }

    private void LeaveKey()
    {
        if (_session != default)
        {
            _refs.Key.Tell(new CustomerKeyMessage.LinkLost(_agent, _session));
            _session = default;
        }

        DropUnhanded();
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
            Log.Suspended(Logger, _customer, _agent);
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

        Enqueue(new Frame
        {
            OwnerFinish = new Wire.Agent.OwnerFinish
            {
                Encapsulation = UnsafeByteOperations.UnsafeWrap(done.Encapsulation),
                Signature = UnsafeByteOperations.UnsafeWrap(done.Signature),
                Identity = UnsafeByteOperations.UnsafeWrap(done.Identity.Bytes),
            },
        });
        (_hadSession, _waits) = (true, 0);
        Context.CancelTimer(GreetTimer);
        LeavePlace();
        Log.Connected(Logger, _customer, _agent);
    }

    // Told at a claim, and when a node that owns calls: who waits begins, who is with another owner moves.
    private void OnOwnerIs(Name owner)
    {
        var waits = Context.IsTimerActive(BeginTimer) && !_hasSlot;
        var isElsewhere = owner != (_relay?.Peer.Node ?? _node.Node) && (owner == _node.Node || _node.Peers.Find(owner) is not null);
        if (waits || isElsewhere)
        {
            _waits = 0;
            Context.CancelTimer(BeginTimer);
            Context.Self.Tell(new AgentSessionMessage.Begin());
        }
    }
}
