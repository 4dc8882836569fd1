using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Agents;

/// <summary>
/// The enrolment listener: one call, without a client certificate, by which an agent redeems its one-time token. The key actor
/// decides; the zone sees to it that a token is redeemed once.
/// </summary>
internal sealed class EnrolmentEndpoint(DmzContext node, CustomerRegistry customers)
{
    /// <summary>The path of the call.</summary>
    public const string Path = "/v1/enrol";

    /// <summary>Largest request in bytes.</summary>
    public const int MaxBody = 16 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost(Path, (RequestDelegate)Handle);

    private async Task Handle(HttpContext context)
    {
        Result<EnrolReply> result;
        try
        {
            var body = await ReadBody(context);
            result = await Enrol(WireReader.Read(EnrolRequest.Parser, body.AsSpan()), context.RequestAborted);
        }
        catch (MalformedException)
        {
            result = new Refused(Codes.Malformed, "the body is not an enrolment request");
        }
        catch (ZoneRefusedException refused)
        {
            result = new Refused(refused.Code, refused.Detail);
        }
        catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException or AskTimeoutException)
        {
            result = new Refused(Codes.ZoneUnavailable, "the broker cannot enrol now; try again");
        }

        var reply = result.Value is { } value
            ? value.ToByteArray()
            : new Problem { Code = result.Code, Detail = result.Detail }.ToByteArray();
        context.Response.StatusCode = result.Value is null ? Gateway.Problems.Status(result.Code!) : StatusCodes.Status200OK;
        context.Response.ContentType = "application/x-protobuf";
        await context.Response.Body.WriteAsync(reply, context.RequestAborted);
    }

    private async Task<Result<EnrolReply>> Enrol(EnrolRequest request, CancellationToken cancellation)
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

        var state = await node.Zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = asked.Customer.Value }, cancellation);
        var identity = WireSigned.From(state.Custody).Read<Protocol.Custody.CustodyRecord>().Identity;
        var answer = new EnrolReply
        {
            Grant = ByteString.CopyFrom(grant.Statement.Span),
            GrantSignature = ByteString.CopyFrom(grant.Signature.Span),
            Identity = ByteString.CopyFrom(identity.Bytes.Span),
        };
        answer.Certificates.AddRange(
            node.AgentIssuer!.Issue(asked.Customer, grant.Read<Grant>(), node.Time.GetUtcNow()).Select(c => ByteString.CopyFrom(c)));
        return answer;
    }

    private static async Task<byte[]> ReadBody(HttpContext context)
    {
        var buffer = new byte[MaxBody + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length <= MaxBody ? buffer[..length] : throw new MalformedException("the body is too large");
    }
}
