using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Audit;

/// <summary>Fences, locks, intents and outcomes: what may follow what.</summary>
internal sealed partial class CustomerAudit
{
    private readonly Dictionary<Id16, HandOff> _handOffs = [];

    /// <summary>Hand-offs whose intent stands in the chain.</summary>
    public int HandOffs => _handOffs.Count;

    /// <summary>Those without an outcome: they are open, or their node fell and has not come back.</summary>
    public int OpenHandOffs => _handOffs.Values.Count(static h => h.State == HandOffState.Released);

    private void Claimed(Claim claim)
    {
        if (claim.Cluster != _custody.Cluster || claim.Customer != _custody.Customer || claim.Epoch != _epoch)
            throw Fail("claim-of-another", "the claim is of another customer or epoch");
        if (claim.Fence != _fence + 1)
            throw Fail("fence-not-next", $"fence {claim.Fence} follows {_fence}");
        if (claim.LiftedGeneration < _lifted || claim.LiftedGeneration > _generation)
            throw Fail("lift-wrong", "the claim lifts a lock that does not stand");
        if (_generation > _lifted && claim.LiftedGeneration != _generation)
            throw Fail("claim-while-locked", "a node claimed the customer while a lock stood");
        _fence = claim.Fence;
        if (claim.LiftedGeneration > _lifted)
            _liftExpected = claim.LiftedGeneration;
        _lifted = claim.LiftedGeneration;
    }

    private void Locked(Block block, SignedRequest signed)
    {
        if (_liftExpected is { } lifted)
        {
            Verify(block, signed, UserAction.LiftLock);
            if (Statement.Read<LockPayload>(signed.Payload.Span).Generation != lifted)
                throw Fail("lift-wrong", "the request lifts another lock than the claim");
            _liftExpected = null;
            return;
        }

        Verify(block, signed, UserAction.Lock);
        _generation++;
    }

    private void Intended(Block block, IntentRecord record)
    {
        var intent = Statement.Read<Intent>(record.Intent.Span);
        var signed = Statement.Read<SignedRequest>(record.Request.Span);
        if (intent.Request != signed.Hash)
            throw Fail("intent-of-another", "the intent is for another request than the one beside it");
        var known = _handOffs.GetValueOrDefault(intent.HandOff);
        if (known is null)
            Verify(block, signed, UserAction.Launch);
        else if (known.Request != intent.Request)
            throw Fail("hand-off-of-another", "the hand-off belongs to another request");
        // Its signatures were verified with the first intent; the payload beside them is the zone's word until its hash is compared.
        else if (Statement.Read<Request>(signed.Statement.Span).Payload != Digest.Of(signed.Payload.Span))
            throw Fail(RequestRefusal.WrongPayload, "the payload is not the one that the user signed");
        var launch = Statement.Read<LaunchPayload>(signed.Payload.Span);
        if (intent.HandOff != HandOffId.Of(signed.Hash, launch.Agent))
            throw Fail("hand-off-of-another", "the hand-off does not follow from the request");
        if (known is { State: not HandOffState.Released })
            throw Fail("intent-after-outcome", "rows were released for a hand-off that had ended");
        if (known is null ? intent.Attempt != 1 : intent.Attempt != known.Attempt && intent.Attempt != known.Attempt + 1)
            throw Fail("attempt-wrong", $"attempt {intent.Attempt} follows {known?.Attempt ?? 0}");
        if (intent.Fence != _fence)
            throw Fail("fence-stale", $"rows were released under fence {intent.Fence}, the customer's was {_fence}");
        if (_generation > _lifted || intent.LockGeneration != _generation)
            throw Fail("intent-while-locked", "rows were released while a lock stood, or under another lock generation");
        if (_head is null || intent.HeadCounter != _head.Counter)
            throw Fail("head-stale", $"rows were released under head {intent.HeadCounter}, the customer's was {_head?.Counter ?? 0}");
        _handOffs[intent.HandOff] = new HandOff(intent.Request, intent.Attempt, HandOffState.Released, UseEnded: false);
    }

    private void BackupChecked(BackupCheck check)
    {
        if (check.Cluster != _custody.Cluster || check.Customer != _custody.Customer || check.Epoch != _epoch)
            throw Fail("backup-check-of-another", "the check of a backup is of another customer or epoch");
        if (check.Fence != _fence)
            throw Fail("fence-stale", $"a row of a backup was opened under fence {check.Fence}, the customer's was {_fence}");
        if (_generation > _lifted || check.LockGeneration != _generation)
            throw Fail("intent-while-locked", "a row of a backup was opened while a lock stood, or under another lock generation");
    }

    private void Ended(Outcomes outcomes)
    {
        if (outcomes.Cluster != _custody.Cluster || outcomes.Customer != _custody.Customer)
            throw Fail("outcome-of-another", "the outcomes are of another customer");
        foreach (var outcome in outcomes.Items)
            Ended(outcome);
    }

    private void Ended(Outcome outcome)
    {
        if (!_handOffs.TryGetValue(outcome.HandOff, out var known))
            throw Fail("outcome-without-intent", "no intent stands before this outcome");
        if (outcome.Request != known.Request || outcome.Attempt != known.Attempt)
            throw Fail("outcome-of-another", "the outcome is of another request or attempt");
        var endsHandOff = HandOffState.EndsHandOff(outcome.State) && known.State == HandOffState.Released;
        var endsUse = HandOffState.EndsUse(outcome.State) && known is { State: HandOffState.Acknowledged, UseEnded: false };
        if (!endsHandOff && !endsUse)
            throw Fail("outcome-conflict", $"{outcome.State} cannot follow {known.State}{(known.UseEnded ? ", whose use has ended" : "")}");
        _handOffs[outcome.HandOff] = endsHandOff ? known with { State = outcome.State } : known with { UseEnded = true };
    }

    private sealed record HandOff(Digest Request, uint Attempt, string State, bool UseEnded);
}
