using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>Claiming: only a claim that the zone accepts, over the head that was examined, makes this actor the customer's owner.</summary>
internal sealed partial class CustomerKey
{
    private void SendClaim(ulong lifted, SignedRequest? lift)
    {
        (_head, var fence, var restored) = ToClaim();
        _claim = new Claim(
            _node.Cluster, _customer, _secret!.Epoch, _node.Node, _node.Incarnation.Key.Fingerprint, fence, lifted);
        _writer!.Tell(new WriterMessage.Claim(_secret.Sign(_claim), lift, _head.Signed, restored));
    }

    private void OnClaimed(Result<Wire.CustomerState> result)
    {
        // An answer counts only to a claim that this actor sent: a lock that stands is not lifted by saying that it was.
        if (_secret is null || _head is null || _claim is not { } claim ||
            _state is not (KeyState.Unlocking or KeyState.LiftNeeded or KeyState.Claiming))
        {
            return;
        }

        _claim = null;
        if (result.Value is not { } state)
        {
            if (HoldsOn(result.Code!))
            {
                return;
            }

            // Another holder was quicker, or a lock came in between: look again, a few times.
            if (++_claims < MaxClaims && result.Code is Codes.FenceStale or Codes.LockStands)
            {
                _writer!.Tell(new WriterMessage.Load());
                return;
            }

            if (!TriesAgain(result.Code!))
            {
                Fail(result.Code!);
            }

            return;
        }

        if (!WireSigned.From(state.Head).Statement.Span.SequenceEqual(_head.Signed.Statement.Span))
        {
            if (!ClaimsAnew())
            {
                Fail(Codes.HeadUnknown);
            }

            return;
        }

        (_fence, _lockGeneration) = (claim.Fence, _loaded!.LockGeneration);
        (_seen, _accepted, _restored) = ((_fence, _lockGeneration), default, null);
        Become(_head, new LedgerPoint(state.LedgerPosition, new Digest(state.LedgerHash.Span)));
        _outcomes!.Tell(new OutcomeMessage.Recover(_fence));

        // They begin while the journal is read: of what is found open there an agent is asked once it is here.
        _node.Summons.Owned(_customer);
    }

    private void Become(Head head, LedgerPoint ledger)
    {
        _leaves.Clear();
        if (_pending is { } pending && ReferenceEquals(pending.Head, head))
        {
            _leaves.Apply(pending.Leaves);
        }

        (_head, _pending, _ledger, _lastFailure, _state) = (head, null, ledger, null, KeyState.Unlocked);
        _turn++;
        (_given, _unattended, _told) = (null, false, _custody);
        _witnesses.Clear();
        Context.CancelTimer(AbandonTimer);
        _writer!.Tell(new WriterMessage.Forget(FromTheStart: true));
        ContinueRotation();
        Log.Unlocked(_log, _customer, _fence, head.Value.Counter);
        TookOver();
    }
}
