using Broker.Dmz.Customers;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Zone;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Dmz.Forwarding;

/// <summary>
/// Stands before the reading of forwarded calls: how many of them, and how many bytes, one node and all nodes may have here at a time.
/// Over the bound the answer is "busy" at once.
/// </summary>
/// <param name="perPeer">Calls of one node at a time; of all of them four times as many.</param>
/// <param name="bytesPerPeer">Bytes of bodies of one node at a time, and four times as many of all.</param>
internal sealed class ForwardGate(int perPeer = ForwardGate.PerPeer, long bytesPerPeer = ForwardGate.BytesPerPeer)
{
    public const int PerPeer = 512;
    public const long BytesPerPeer = 32L << 20;

    private readonly InFlight _calls = new(perPeer, 4 * perPeer);
    private readonly InFlight _bytes = new(bytesPerPeer, 4 * bytesPerPeer);

    /// <summary>Calls that are within.</summary>
    public long Calls => _calls.Count;

    /// <summary>Puts the gate before an endpoint.</summary>
    public void Guard(IEndpointConventionBuilder endpoint) => endpoint.Finally(built =>
    {
        var inner = built.RequestDelegate!;
        built.RequestDelegate = context => Enter(context, inner);
    });

    private async Task Enter(HttpContext context, RequestDelegate inner)
    {
        if (context.Peer() is not { } peer || context.Request.ContentLength is not { } length ||
            length > PeerOperations.Forward.MaxRequestBytes)
        {
            if (context.Request.ContentLength is null)
            {
                await Write(context, StatusCodes.Status411LengthRequired, Codes.Malformed, "a forwarded call says how long it is");
                return;
            }

            // Refused within, unread.
            await inner(context);
            return;
        }

        if (!Take(peer.Name, length))
        {
            await Write(context, StatusCodes.Status503ServiceUnavailable, Codes.Busy, "this node has too many calls of yours; try again");
            return;
        }

        try
        {
            await inner(context);
        }
        finally
        {
            _calls.Leave(peer.Name);
            _bytes.Leave(peer.Name, length);
        }
    }

    private bool Take(Name peer, long length)
    {
        if (!_calls.TryEnter(peer))
        {
            return false;
        }

        if (_bytes.TryEnter(peer, length))
        {
            return true;
        }

        _calls.Leave(peer);
        return false;
    }

    private static Task Write(HttpContext context, int status, string code, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = ZoneOperations.MediaType;
        var problem = new Problem { Code = code, Detail = detail }.ToByteArray();
        return context.Response.Body.WriteAsync(problem, context.RequestAborted).AsTask();
    }
}
