using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Operations;

/// <summary>Keeps an invitation until an agent redeems it. The same request again is done without effect.</summary>
/// <param name="customerName">The customer.</param>
/// <param name="fence">The caller's fence.</param>
/// <param name="signed">The signed request.</param>
internal sealed class InviteAgent(Name customerName, ulong fence, SignedRequest signed) : StoreOperation<LedgerPoint>
{
    /// <summary>Longest life of a token.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(15);

    private LedgerPoint _point;

    /// <inheritdoc/>
    public override Name? Customer => customerName;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        if ((Guard.UnlessOwner(context, customerName, fence, out var customer) ?? Guard.IfLocked(customer)) is { } refusal)
        {
            return refusal;
        }

        var verified = UserRequests.Verify(context, customer, signed, UserAction.InviteAgent);
        if (verified.Request is null)
        {
            return new(verified.Refusal!, "the request to invite is not believed");
        }

        if (UserRequests.Payload<InviteAgentPayload>(signed) is not { } payload)
        {
            return new(RefusalCode.Malformed, "the request's payload is not an invitation");
        }

        _point = context.Point(customerName.Value);
        var (token, now) = (payload.Token.Fingerprint, context.Now);
        if (context.Tables.Invitation(customerName, token) is { } known)
        {
            return known.Request.Span.SequenceEqual(signed.Encode())
                ? null
                : new(RefusalCode.InvitationExists, "an invitation with this token exists; make a new token");
        }

        if (payload.NotAfter < now || payload.NotAfter > now + MaxLife + RequestVerifier.ClockSkew)
        {
            return new(RefusalCode.InvitationTime, "a token lives at most 15 minutes; make a new one");
        }

        if (context.IsNearlyFull)
        {
            return Guard.StoreFull;
        }

        if (context.Tables.OpenInvitations(customerName, now) >= context.Limits.OpenInvitations)
        {
            return new(RefusalCode.TooManyOpen, "too many invitations are open; wait until some expire");
        }

        var invitation = new InvitationRecord(token, payload.Agent, signed.Encode(), payload.NotAfter, Redeemed: false);
        context.Tables.TryAddInvitation(customerName, invitation);
        context.Append(customerName.Value, BlockKind.Invitation, signed.Encode());
        _point = context.Point(customerName.Value);
        return null;
    }

    /// <inheritdoc/>
    protected override LedgerPoint Finish() => _point;
}
