using Broker.Protocol.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Broker.Host.Health;

/// <summary>The endpoints that load balancers and operators ask.</summary>
public static class HealthEndpoints
{
    /// <summary>
    /// Maps <c>GET /health/live</c> (200 while the process answers) and <c>GET /health/ready</c> (200 or 503, with conditions and
    /// gauges). They say nothing of customers; which listener they stand on, and for which roles, is the caller's.
    /// </summary>
    public static IEndpointConventionBuilder MapHealth(this IEndpointRouteBuilder endpoints, NodeHealth health)
    {
        var group = endpoints.MapGroup("/health");
        group.MapGet("/live", static () => Answer(new HealthModel("live", []), StatusCodes.Status200OK))
            .WithName("GetLiveness").WithTags("health").WithSummary("Whether the process answers").Produces<HealthModel>();
        group.MapGet("/ready", () => Answer(
                new HealthModel(
                    health.Status, [.. health.Conditions.Select(static c => new HealthConditionModel(c.Name, c.IsGood, c.Detail))],
                    health.Gauges is { Count: > 0 } gauges ? gauges : null),
                health.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable))
            .WithName("GetReadiness").WithTags("health").WithSummary("Whether work may be sent here, and what speaks against it")
            .Produces<HealthModel>().Produces<HealthModel>(StatusCodes.Status503ServiceUnavailable);
        return group;
    }

    private static IResult Answer(HealthModel model, int status) => Results.Json(model, ApiJson.Default.HealthModel, statusCode: status);
}
