using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>
/// What a customer's chain says, block after block: the tables are a copy of it. Who signed is not judged here but by
/// <c>brokerctl audit verify</c>; that the zone recorded it is shown by the ledger key's signature.
/// </summary>
internal sealed class CustomerReplay
{
    private bool _lifts;

    /// <summary>The fence.</summary>
    public ulong Fence { get; private set; }

    /// <summary>Who claimed last.</summary>
    public (Name Node, Digest Incarnation) Owner { get; private set; }

    /// <summary>Locks raised.</summary>
    public ulong Lock { get; private set; }

    /// <summary>Locks lifted.</summary>
    public ulong Lifted { get; private set; }

    /// <summary>The newest head.</summary>
    public Signed? Head { get; private set; }

    /// <summary>Hand-offs as they stand.</summary>
    public Dictionary<Id16, HandOffRecord> HandOffs { get; } = [];

    /// <summary>Requests that could still be believed at a time, by user and idempotency key.</summary>
    public Dictionary<(Name User, Id16 Key), Digest> Remembered { get; } = [];

    /// <summary>Requests of invitations, by the fingerprint of their token; whether it was redeemed.</summary>
    public Dictionary<Digest, bool> Invitations { get; } = [];

    /// <summary>Takes the next block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="now">Requests whose time is over by then need not be remembered.</param>
    /// <returns>False for a kind that this version does not know.</returns>
    public bool Take(Block block, DateTimeOffset now)
    {
        var body = block.Body.Span;
        switch (block.Kind)
        {
            case BlockKind.Enrolled:
                Head = Statement.Read<ChangeRecord>(body).Head;
                break;
            case BlockKind.Change or BlockKind.RotationEnded:
                var change = Statement.Read<ChangeRecord>(body);
                Head = change.Head;
                foreach (var cause in change.Causes)
                {
                    Remember(Statement.Read<SignedRequest>(cause.Span), now, redeems: true);
                }

                break;
            case BlockKind.Rotated:
                var rotated = Statement.Read<RotationRecord>(body);
                Head = rotated.Head;
                Remember(Statement.Read<SignedRequest>(rotated.Cause.Span), now, redeems: false);
                break;
            case BlockKind.Restored:
                Head = Statement.Read<RestoredRecord>(body).Head;
                break;
            case BlockKind.Claim:
                var claim = Statement.Read<SignedRecord>(body).Statement.Read<Claim>();
                _lifts = claim.LiftedGeneration > Lifted;
                (Fence, Owner, Lifted) = (claim.Fence, (claim.Node, claim.Incarnation), claim.LiftedGeneration);
                break;
            case BlockKind.Lock when _lifts:
                _lifts = false;
                break;
            case BlockKind.Lock:
                Lock++;
                Remember(Statement.Read<SignedRequest>(body), now, redeems: false);
                break;
            case BlockKind.Intent:
                var record = Statement.Read<IntentRecord>(body);
                var signed = Statement.Read<SignedRequest>(record.Request.Span);
                Remember(signed, now, redeems: false);
                Intended(block, Statement.Read<Intent>(record.Intent.Span), signed);
                break;
            case BlockKind.Outcome:
                foreach (var outcome in Statement.Read<SignedRecord>(body).Statement.Read<Outcomes>().Items)
                {
                    Ended(outcome);
                }

                break;
            case BlockKind.Invitation:
                var invited = Statement.Read<SignedRequest>(body);
                Invitations[Statement.Read<InviteAgentPayload>(invited.Payload.Span).Token.Fingerprint] = false;
                break;
            case BlockKind.Refusal or BlockKind.Rotation or BlockKind.Transfer or BlockKind.CustodyEvent or BlockKind.BackupCheck:
                break;
            default:
                return false;
        }

        return true;
    }

    private void Remember(SignedRequest signed, DateTimeOffset now, bool redeems)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        if (request.NotAfter > now)
        {
            Remembered[(request.User, request.IdempotencyKey)] = signed.Hash;
        }

        if (redeems && request.Action == UserAction.InviteAgent.Name &&
            UserRequests.Payload<InviteAgentPayload>(signed) is { } invitation)
        {
            Invitations[invitation.Token.Fingerprint] = true;
        }
    }

    private void Intended(Block block, Intent intent, SignedRequest signed)
    {
        var agent = Statement.Read<LaunchPayload>(signed.Payload.Span).Agent;
        HandOffs[intent.HandOff] = HandOffs.TryGetValue(intent.HandOff, out var known)
            ? known with { Attempt = intent.Attempt }
            : new HandOffRecord(
                intent.HandOff, agent, intent.Request, intent.Attempt, HandOffState.Released, "", "", block.Position, default, default);
    }

    private void Ended(Outcome outcome)
    {
        // What is repeated changes nothing.
        if (HandOffs.TryGetValue(outcome.HandOff, out var known) && outcome.State != known.State && outcome.State != known.UseState)
        {
            HandOffs[outcome.HandOff] = HandOffState.EndsHandOff(outcome.State)
                ? known with { State = outcome.State, Code = outcome.Code }
                : known with { UseState = outcome.State, Code = outcome.Code };
        }
    }
}
