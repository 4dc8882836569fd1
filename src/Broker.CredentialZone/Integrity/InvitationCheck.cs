using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>Holds a stored invitation against the signed request that it keeps.</summary>
internal static class InvitationCheck
{
    /// <summary>Returns the invitation as it is.</summary>
    /// <exception cref="AlteredException">Agent, token or time are not those of the request.</exception>
    public static InvitationRecord Checked(Name customer, InvitationRecord invitation)
    {
        try
        {
            var signed = Statement.Read<SignedRequest>(invitation.Request.Span);
            var payload = Statement.Read<InviteAgentPayload>(signed.Payload.Span);
            if (payload.Agent == invitation.Agent && payload.Token.Fingerprint == invitation.Token &&
                payload.NotAfter == invitation.NotAfter)
            {
                return invitation;
            }
        }
        catch (MalformedException)
        {
            // Said below.
        }

        throw new AlteredException(RefusalCode.InvitationAltered, "an invitation is not what its request says") { Customer = customer };
    }
}
