using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Broker.Host.Health;

/// <summary>The endpoints that load balancers and operators ask.</summary>
public static class HealthEndpoints
{
    /// <summary>
    /// Maps <c>GET /health/live</c> (200 while the process answers) and <c>GET /health/ready</c> (200 or 503, with the conditions). They
    /// say nothing of customers; which listener they stand on, and for which roles, is the caller's.
    /// </summary>
    public static IEndpointConventionBuilder MapHealth(this IEndpointRouteBuilder endpoints, NodeHealth health)
    {
        var group = endpoints.MapGroup("/health");
        group.MapGet("/live", static () => Results.Json(new { status = "live" }));
        group.MapGet("/ready", () => Results.Json(
            new
            {
                status = health.Status,
                conditions = health.Conditions.Select(static c => new { name = c.Name, good = c.IsGood, detail = c.Detail }),
            },
            statusCode: health.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
        return group;
    }
}
