using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Dmz.Customers;

/// <summary>
/// Ownership that moves: an owner says by a signed word that another holder shall claim, serves until that one has, and then wipes
/// instead of claiming again.
/// </summary>
internal sealed partial class CustomerKey
{
    private const string YieldTimer = "yield";

    private static readonly TimeSpan YieldFor = TimeSpan.FromSeconds(30);

    private bool _isTakingOver;
    private ulong? _overtakes;
    private DateTimeOffset? _yieldingUntil;
    private bool _yieldsAndHolds;

    private static Refused Moved { get; } =
        new(Codes.FenceStale, "another node owns the customer now; send the same request again");

    private static Refused NotOwner { get; } =
        new(TransferCodes.NotOwner, "this node holds the customer's key, and another node owns the customer; ask that one");

    private void OnTakeOver(CustomerKeyMessage.TakeOver message)
    {
        if (_state == KeyState.Unlocked)
        {
            message.ReplyTo.Tell(Status());
        }
        else if (_state != KeyState.Holding || _receiver is not null)
        {
            message.ReplyTo.Tell(_state == KeyState.Holding ? new Refused(Codes.Busy, "a claim is under way") : LockedRefusal());
        }
        else if (message.HandOver is { } word && VerifyHandOver(word) is { } refused)
        {
            message.ReplyTo.Tell(refused);
        }
        else
        {
            (_receiver, _handedOver, _overtakes, _isTakingOver, _claims) =
                (message.ReplyTo, message.HandOver, message.Fence, true, 0);
            if (!_isLooking)
            {
                // Two answers would be one too many: the second, from before the claim, names an owner that is none any more.
                _writer!.Tell(new WriterMessage.Load());
            }
        }
    }

    private Refused? VerifyHandOver(Signed signed)
    {
        try
        {
            var over = signed.Read<HandOver>();
            return signed.IsBy(_secret!.Identity) && over.Cluster == _node.Cluster && over.Customer == _customer &&
                over.Node == _node.Node && over.To == _node.Incarnation.Key.Fingerprint
                ? null
                : new Refused(TransferCodes.HandOverRefused, "no owner of this customer asks this start of this node to claim it");
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }
    }

    /// <summary>Claims what is held, over the head that was examined just now.</summary>
    private void Claim(LoadedCustomer loaded, Head head)
    {
        if ((_handedOver is { } word && word.Read<HandOver>().Fence != loaded.State.Fence) ||
            (_overtakes is { } overtaken && overtaken != loaded.State.Fence && !IsOwnedBy(loaded)))
        {
            // Somebody else was quicker, and lives for all that is known.
            NotTaken(Codes.FenceStale);
            return;
        }

        _ledger = new LedgerPoint(loaded.State.LedgerPosition, new Digest(loaded.State.LedgerHash.Span));
        (_head, _loaded, _isTakingOver, _handedOver) = (head, loaded.State, true, null);
        _state = KeyState.Claiming;
        Context.StartTimer(AbandonTimer, new CustomerKeyMessage.Abandon(_turn), _node.Limits.ShareTimeout);
        SendClaim(loaded.State.LiftedGeneration, lift: null);
    }

    /// <summary>A claim whose answer was lost may stand: then this incarnation owns, and does not know it.</summary>
    private bool IsOwnedBy(LoadedCustomer loaded) =>
        loaded.State.OwnerIncarnation.Span.SequenceEqual(_node.Incarnation.Key.Fingerprint.ToArray());

    /// <summary>A claim of what is held that failed costs nothing: it is held on.</summary>
    private bool HoldsOn(string code)
    {
        if (!_isTakingOver || _state != KeyState.Claiming || code == Codes.LockStands)
        {
            return false;
        }

        Context.CancelTimer(AbandonTimer);
        _state = KeyState.Holding;
        _witnesses.Add(_head!.Value);
        _head = null;
        NotTaken(code);
        return true;
    }

    /// <summary>The owner committed until the claim came: it is examined again, and claimed over its last head.</summary>
    private bool ClaimsAnew()
    {
        if (!_isTakingOver || ++_claims >= MaxClaims)
        {
            return false;
        }

        _witnesses.Add(_head!.Value);
        (_state, _head) = (KeyState.Holding, null);
        _writer!.Tell(new WriterMessage.Load());
        return true;
    }

    private void NotTaken(string code)
    {
        _lastFailure = code;
        TransferLog.NotTaken(_log, _customer, code);
        (_isTakingOver, _handedOver, _overtakes) = (false, null, null);
        Answer(new Refused(code, "the customer was not claimed; it is held on"));
        WatchHolding();
    }

    private void TookOver()
    {
        if (_isTakingOver)
        {
            ExpectAgents();
        }

        (_isTakingOver, _overtakes) = (false, null);
        Answer(Status());
    }

    private Result<Signed> OnYield(CustomerKeyMessage.Yield message) =>
        _state == KeyState.Unlocked ? YieldTo(message.Node, message.Incarnation, message.HoldsOn) : LockedRefusal();

    private Signed YieldTo(Name node, Digest incarnation, bool holdsOn = false)
    {
        _yieldsAndHolds = holdsOn;
        _yieldingUntil = _node.Time.GetUtcNow() + YieldFor;
        Context.StartTimer(YieldTimer, new CustomerKeyMessage.YieldCheck(_fence), ReclaimDelay);
        return _secret!.Sign(new HandOver(
            _node.Cluster, _customer, _node.Incarnation.Key.Fingerprint, node, incarnation, _fence));
    }

    private void OnYieldCheck(CustomerKeyMessage.YieldCheck message)
    {
        if (_state != KeyState.Unlocked || message.Fence != _fence)
        {
            return;
        }

        var isOver = _yieldingUntil < _node.Time.GetUtcNow();
        if (isOver && message.NobodyCame)
        {
            // It is served on, and a later claim of another is answered as any.
            _yieldingUntil = null;
            Context.CancelTimer(YieldTimer);
        }
        else if (!message.NobodyCame)
        {
            // Asked after the time too: who stood still may have been relieved meanwhile, and nothing else would tell it.
            _outcomes!.Tell(new OutcomeMessage.AskOwner(_fence, EndsYield: isOver));
            Context.StartTimer(YieldTimer, new CustomerKeyMessage.YieldCheck(_fence), ReclaimDelay);
        }
    }

    /// <summary>Whether the claim that overtook this owner is the one that it asked for: then it ends here.</summary>
    private bool GivesWay()
    {
        if (_yieldingUntil is null || _yieldsAndHolds)
        {
            // Who holds on finds the other owner in the zone, and steps back to holding.
            (_gaveWay, _yieldingUntil) = (_yieldingUntil is not null, null);
            return false;
        }

        TransferLog.GaveWay(_log, _customer);
        EndSessions(Codes.FenceStale);
        Abandon(Moved);
        Wipe("given over to another holder");
        return true;
    }
}
