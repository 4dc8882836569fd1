using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Broker.Dmz.Agents;

/// <summary>Which operation of the peer link is which method: the closed set, each behind the check of the peer's role.</summary>
internal static class AgentRelayMapping
{
    /// <summary>Bytes of envelopes that peers may be handing in at a time; they are read before anybody looks at them.</summary>
    internal const long MaxBytesDown = 64L << 20;

    /// <summary>Maps every operation.</summary>
    public static void MapAgentRelays(this IEndpointRouteBuilder endpoints, AgentRelayService service)
    {
        endpoints.MapZoneOperation(AgentRelayOperations.Open, service.Open);
        endpoints.MapZoneOperation(AgentRelayOperations.Up, service.Up);
        Bound(endpoints.MapZoneOperation(AgentRelayOperations.Down, service.Down), new ByteBudget(MaxBytesDown));
        endpoints.MapZoneOperation(AgentRelayOperations.Close, service.Close);
        endpoints.MapZoneOperation(AgentRelayOperations.Check, service.Check);
        endpoints.MapZoneOperation(AgentRelayOperations.Call, service.Call);
        endpoints.MapZoneOperation(AgentRelayOperations.Find, service.Find);
    }

    private static void Bound(IEndpointConventionBuilder endpoint, ByteBudget budget)
    {
        const long longest = AgentRelayOperations.MaxDown;
        endpoint.Finally(built =>
        {
            var inner = built.RequestDelegate!;
            built.RequestDelegate = async context =>
            {
                // Without a length it is counted as the longest that is read.
                var length = Math.Min(context.Request.ContentLength ?? longest, longest);
                if (!budget.TryTake(length))
                {
                    await Refuse(context);
                    return;
                }

                try
                {
                    await inner(context);
                }
                finally
                {
                    budget.GiveBack(length);
                }
            };
        });
    }

    private static Task Refuse(HttpContext context)
    {
        var problem = new Problem { Code = Customers.Codes.Busy, Detail = "too many envelopes come at once; send it again" }.ToByteArray();
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = ZoneOperations.MediaType;
        context.Response.ContentLength = problem.Length;
        return context.Response.Body.WriteAsync(problem, context.RequestAborted).AsTask();
    }
}
