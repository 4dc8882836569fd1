using Broker.Dmz.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Broker.Dmz.Gateway;

/// <summary>Maps the gateway: every call, and a problem for what is none.</summary>
internal static class GatewayMapping
{
    /// <summary>
    /// Turns the empty answers of routing, to a path or method that there is not, into problems. Before <c>UseRouting</c>.
    /// </summary>
    public static void UseGatewayProblems(this IApplicationBuilder application) => application.Use(async (context, next) =>
    {
        await next(context);
        if (context.Response.HasStarted || context.Response.ContentType is not null)
        {
            return;
        }

        switch (context.Response.StatusCode)
        {
            case StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed:
                await Problems.Write(context, new Refused(Codes.NotFound, "there is no such call; see the OpenAPI document"));
                break;
            case StatusCodes.Status415UnsupportedMediaType:
                await Problems.Write(context, new Refused(Codes.Malformed, "the body has to be application/json"));
                break;
            default:
                break;
        }
    });

    /// <summary>Maps every call.</summary>
    public static void MapGateway(this IEndpointRouteBuilder routes, GatewayContext gateway)
    {
        var calls = new Calls(routes, gateway.Log, gateway.Forwarder, gateway.Owned);
        new CustomerCalls(gateway).Map(calls);
        new NodeCalls(gateway).Map(calls);
        new DrainCalls(gateway).Map(calls);
        new CustodyChangeCalls(gateway).Map(calls);
        new CustodyCalls(gateway).Map(calls);
        new BackupCalls(gateway).Map(calls);
        new EffectCalls(gateway).Map(calls);
        new LaunchCalls(gateway).Map(calls);
        new MetadataCalls(gateway).Map(calls);
        new ClusterCalls(gateway).Map(calls);
    }
}
