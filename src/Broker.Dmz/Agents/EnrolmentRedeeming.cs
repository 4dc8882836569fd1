using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Node;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Agents;

/// <summary>
/// Redeems an agent's token where the customer's key is. The key actor decides; the zone sees to it that a token is redeemed once.
/// </summary>
internal sealed class EnrolmentRedeeming(DmzContext node, CustomerRegistry customers)
{
    /// <summary>What an owner knows the call by that another node took for it.</summary>
    public const string Operation = "RedeemInvitation";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Answers other nodes.</summary>
    public void Enter(OwnedCalls owned) => owned.Add(Operation, async (body, cancellation) =>
    {
        var redeemed = await Redeem(WireReader.Read(EnrolRequest.Parser, body.Span), cancellation);
        return redeemed.Value is { } reply ? reply.ToByteArray() : redeemed.ToRefused();
    });

    /// <summary>Redeems a token at this node's key.</summary>
    /// <returns>The reply without certificates: those are of the node that the agent is before.</returns>
    /// <exception cref="MalformedException">The request is none.</exception>
    /// <exception cref="Links.Zone.ZoneException">The zone refused, or did not answer.</exception>
    public async Task<Result<EnrolReply>> Redeem(EnrolRequest request, CancellationToken cancellation)
    {
        var signed = new Signed(request.Statement.ToByteArray(), request.TokenSignature.ToByteArray());
        var asked = signed.Read<AgentRequest>();
        var invitation = await node.Zone.FindInvitationAsync(
            new Wire.FindInvitationRequest
            {
                Customer = asked.Customer.Value,
                Token = ByteString.CopyFrom(asked.Token.Fingerprint.ToArray()),
            },
            cancellation);
        if (invitation.Request.IsEmpty)
        {
            return new Refused(Codes.InvitationUnknown, "no such token; invite the agent again");
        }

        if (invitation.Redeemed)
        {
            return new Refused(Codes.InvitationUsed, "the token was used; if not by this instance, look for who did, and invite again");
        }

        var refs = await customers.Find(asked.Customer, exists: true);
        if (refs.Value is null)
        {
            return refs.ToRefused();
        }

        var change = new Change.Enrolment(
            Statement.Read<SignedRequest>(invitation.Request.Span), signed, request.AgentSignature.ToByteArray());
        var done = await refs.Value.Key.Ask<Result<ChangeDone>>(
            reply => new CustomerKeyMessage.Submit(change, reply), Timeout, cancellation);
        if (done.Value?.Grant is not { } grant)
        {
            return done.ToRefused();
        }

        return new EnrolReply
        {
            Grant = ByteString.CopyFrom(grant.Statement.Span),
            GrantSignature = ByteString.CopyFrom(grant.Signature.Span),
            Identity = ByteString.CopyFrom((await Identity(asked.Customer, cancellation)).Bytes.Span),
        };
    }

    /// <summary>
    /// Reads what an owner answered: a grant of exactly what the agent asked for, signed by the customer's identity. For no other does this
    /// node issue a certificate.
    /// </summary>
    /// <exception cref="Links.Zone.ZoneException">The zone refused, or did not answer.</exception>
    public async Task<Result<EnrolReply>> Read(ReadOnlyMemory<byte> body, AgentRequest asked, CancellationToken cancellation)
    {
        try
        {
            var reply = WireReader.Read(EnrolReply.Parser, body.Span);
            var identity = await Identity(asked.Customer, cancellation);
            var signed = new Signed(reply.Grant.Memory, reply.GrantSignature.Memory);
            var grant = signed.Read<Grant>();
            reply.Certificates.Clear();
            return signed.IsBy(identity) && reply.Identity.Span.SequenceEqual(identity.Bytes.Span) &&
                (grant.Cluster, grant.Customer, grant.Agent) == (asked.Cluster, asked.Customer, asked.Agent) && grant.Key.Equals(asked.Key)
                ? reply
                : Forwarder.Lost;
        }
        catch (MalformedException)
        {
            return Forwarder.Lost;
        }
    }

    private async Task<PublicKey> Identity(Name customer, CancellationToken cancellation)
    {
        var state = await node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = customer.Value }, cancellation);
        return WireSigned.From(state.Custody).Read<Protocol.Custody.CustodyRecord>().Identity;
    }
}
