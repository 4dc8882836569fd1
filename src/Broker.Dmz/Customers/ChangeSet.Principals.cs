using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <summary>Changes of users and agents.</summary>
internal sealed partial class ChangeSet
{
    private static readonly TimeSpan MaxInvitation = TimeSpan.FromMinutes(15);

    private ChangeResult PutUser(PutUserPayload put, SignedRequest request)
    {
        var old = Find<UserEntry>(EntryKey.User(put.User));
        if (old is { Role: Role.Administrator } && put.Role != Role.Administrator && IsSigner(put.User, request))
        {
            return LastAdministrator();
        }

        Set(EntryKey.User(put.User), new UserEntry(_node.Cluster, _custody.Customer, put.User, put.Role, put.Key));
        return Done;
    }

    private ChangeResult RemoveUser(NamePayload payload, SignedRequest request)
    {
        if (Find<UserEntry>(EntryKey.User(payload.Subject)) is null)
        {
            return new Refused(Codes.UserUnknown, $"there is no user {payload.Subject}");
        }

        if (IsSigner(payload.Subject, request))
        {
            return LastAdministrator();
        }

        Remove(EntryKey.User(payload.Subject));
        return Done;
    }

    // The signers stay, so there are always as many administrators as a grave change needs.
    private static bool IsSigner(Name user, SignedRequest request) => request.Signatures.Any(s => s.User == user);

    private static Refused LastAdministrator() =>
        new(Codes.LastAdministrator, "nobody takes the role from themselves; another administrator has to sign");

    private ChangeResult RemoveAgent(NamePayload payload)
    {
        if (Find<Grant>(EntryKey.Grant(payload.Subject)) is null)
        {
            return new Refused(Codes.AgentUnknown, $"there is no agent {payload.Subject}");
        }

        Remove(EntryKey.Grant(payload.Subject));
        return Done;
    }

    private ChangeResult Enrol(Change.Enrolment change)
    {
        var verified = Verify(change.Invitation, UserAction.InviteAgent, grave: false);
        if (verified.Refusal is { } code)
        {
            return new Refused(code, "the invitation is not one that an administrator of this customer signed");
        }

        var invitation = Statement.Read<InviteAgentPayload>(change.Invitation.Payload.Span);
        var asked = change.Request.Read<AgentRequest>();
        if (!change.Request.IsBy(invitation.Token) || !asked.Key.Verify(change.Request.Statement.Span, change.AgentSignature.Span))
        {
            return new Refused(Codes.AgentRequestForged, "the request is not signed by the token and by the agent's own key");
        }

        if (asked.Cluster != _node.Cluster || asked.Customer != _custody.Customer || asked.Agent != invitation.Agent ||
            asked.Instance != invitation.Instance || !asked.Token.Equals(invitation.Token))
        {
            return new Refused(Codes.InvitationOfAnother, "the token is for another agent or instance");
        }

        if (invitation.NotAfter + RequestVerifier.ClockSkew < _now)
        {
            return new Refused(Codes.InvitationExpired, "the token's time is over; invite the agent again");
        }

        if (invitation.NotAfter > _now + MaxInvitation + RequestVerifier.ClockSkew)
        {
            return new Refused(Codes.InvitationTooLong, "a token lives at most 15 minutes");
        }

        if (Find<Grant>(EntryKey.Grant(invitation.Agent)) is not null)
        {
            return new Refused(Codes.AgentExists, $"there is an agent {invitation.Agent} already; remove it first");
        }

        return Give(new Grant(
            _node.Cluster, _custody.Customer, _secret.Epoch, invitation.Agent, asked.Key, invitation.Instance, invitation.Labels,
            asked.Boot,
            _now, _now + _node.Limits.GrantLife, _secret.Identity.Fingerprint));
    }

    private ChangeResult Renew(Change.Renewal change)
    {
        if (Find<Grant>(EntryKey.Grant(change.Agent)) is not { } grant)
        {
            return new Refused(Codes.AgentUnknown, "the agent was removed");
        }

        return change.Boot != grant.Boot && grant.NotAfter < _now
            ? new Refused(Codes.GrantBootDiffers, "an expired grant renews only at the boot that it was given to; invite the agent again")
            : Give(grant with
            {
                Epoch = _secret.Epoch,
                Identity = _secret.Identity.Fingerprint,
                Boot = change.Boot,
                NotBefore = _now,
                NotAfter = _now + _node.Limits.GrantLife,
            });
    }

    private ChangeResult Give(Grant grant)
    {
        var key = EntryKey.Grant(grant.Agent);
        Set(key, grant);
        return new ChangeResult(null, 0, _changed[key]);
    }
}
