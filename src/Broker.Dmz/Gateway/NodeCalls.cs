using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Microsoft.AspNetCore.Http;

namespace Broker.Dmz.Gateway;

/// <summary>Calls about this node among others. Who brings an admission does not matter: the holders verify who signed it.</summary>
internal sealed class NodeCalls(GatewayContext gateway)
{
    private const int MaxStatement = 1024;
    private const int MaxSignatures = 4;

    private static readonly TimeSpan IntakeTimeout = TimeSpan.FromMinutes(1);

    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Body("POST", "/v1/node/admission", json.AdmitNodeModel, json.AdmittedModel, 200,
            new About("AdmitNode", "Has this start of the node ask the owners for their customers, vouched for by two people"), Admit);
    }

    private async Task<Result<AdmittedModel>> Admit(HttpContext context, AdmitNodeModel model)
    {
        // The serializer refuses null for a member, not for an element of a list.
        if (model.Statement.Length > MaxStatement || model.Signatures.Count is 0 or > MaxSignatures ||
            model.Signatures.Any(s => s is null || s.Signature.Length != PublicKey.SignatureLength))
        {
            throw new MalformedException("an admission is larger than allowed, or a signature is not 64 bytes");
        }

        if (gateway.Intake is not { } intake || gateway.Node.Peers.Others.Count == 0)
        {
            return new Refused(TransferCodes.PeerUnknown, "this node has no peers; see broker.dmz.peers");
        }

        var admission = new Admission(
            AdmissionKind.Statement, model.Statement,
            [.. model.Signatures.Select(s => new AdmissionSignature(Name.Parse(s.User), s.Signature))]);
        var taken = await intake.Ask<Result<TakenIn>>(
            reply => new PeerIntakeMessage.Admitted(admission, reply), IntakeTimeout, context.RequestAborted);
        return taken.Value is { } value
            ? new AdmittedModel(
                [.. value.Held.Select(n => n.Value)], [.. value.Refused.Select(r => new NotHeldModel(r.Customer.Value, r.Code))])
            : taken.ToRefused();
    }
}
