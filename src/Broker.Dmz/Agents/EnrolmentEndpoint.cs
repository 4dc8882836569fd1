using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Forwarding;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ForwardReply = Broker.Protocol.Wire.Peer.ForwardReply;
using ForwardRequest = Broker.Protocol.Wire.Peer.ForwardRequest;

namespace Broker.Dmz.Agents;

/// <summary>
/// The enrolment listener: one call, without a client certificate, by which an agent redeems its one-time token, at whichever node. It is
/// redeemed where the customer's key is; the certificate is this node's.
/// </summary>
internal sealed class EnrolmentEndpoint(DmzContext node, CustomerRegistry customers, Forwarder forwarder)
{
    /// <summary>The path of the call.</summary>
    public const string Path = "/v1/enrol";

    /// <summary>Largest request in bytes.</summary>
    public const int MaxBody = 16 * 1024;

    private readonly EnrolmentRedeeming _redeeming = new(node, customers);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost(Path, (RequestDelegate)Handle);

    private async Task Handle(HttpContext context)
    {
        Result<EnrolReply> result;
        try
        {
            var body = await ReadBody(context);
            result = await Enrol(body, context.RequestAborted);
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

    private async Task<Result<EnrolReply>> Enrol(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var request = WireReader.Read(EnrolRequest.Parser, body.Span);
        var asked = Statement.Read<AgentRequest>(request.Statement.Span);
        var reply = await Forward(body, asked, cancellation) ?? await _redeeming.Redeem(request, cancellation);
        if (reply.Value is { } redeemed)
        {
            var grant = Statement.Read<Grant>(redeemed.Grant.Span);
            redeemed.Certificates.AddRange(
                node.AgentIssuer!.Issue(asked.Customer, grant, node.Time.GetUtcNow()).Select(c => ByteString.CopyFrom(c)));
        }

        return reply;
    }

    private async Task<Result<EnrolReply>?> Forward(ReadOnlyMemory<byte> body, AgentRequest asked, CancellationToken cancellation)
    {
        var call = new ForwardRequest
        {
            Call = EnrolmentRedeeming.Operation,
            Customer = asked.Customer.Value,
            Body = UnsafeByteOperations.UnsafeWrap(body),
            Console = node.Node.Value,
        };
        var answer = await forwarder.Carry(
            call, static reply => (Result<ForwardReply>)reply, cancellation);
        if (answer is not { } answered)
        {
            return null;
        }

        return answered.Value is { } reply
            ? await _redeeming.Read(reply.Body.Memory, asked, cancellation)
            : answered.ToRefused();
    }

    private static async Task<byte[]> ReadBody(HttpContext context)
    {
        var buffer = new byte[MaxBody + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length <= MaxBody ? buffer[..length] : throw new MalformedException("the body is too large");
    }
}
