using Broker.Links.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Links.Tls;

/// <summary>
/// The check of a peer's role at the endpoint, where the work is done: a listener that was opened too wide, or an endpoint that was mapped
/// on another listener, does not let anybody in.
/// </summary>
public static class EndpointRoles
{
    /// <summary>Who is at the other end of the request's connection; null on the enrolment listener.</summary>
    public static PeerIdentity? Peer(this HttpContext context) => context.Features.Get<PeerIdentity>();

    /// <summary>Why a request's peer may not do what needs one of some roles; null when it may.</summary>
    public static LinkRefusal? RefuseUnless(this HttpContext context, params ReadOnlySpan<LinkRole> roles) => context.Peer() switch
    {
        null => LinkRefusal.NoCertificate,
        var peer when !roles.Contains(peer.Role) => LinkRefusal.WrongRole,
        _ => null,
    };

    /// <summary>Lets only peers of some roles reach the endpoint or group; others get 403 with a problem document (RFC 9457).</summary>
    public static TBuilder RequireRole<TBuilder>(this TBuilder builder, params LinkRole[] roles)
        where TBuilder : IEndpointConventionBuilder
    {
        if (roles.Length == 0)
            throw new ArgumentException("name at least one role", nameof(roles));
        // After all other conventions: it wraps whatever the endpoint became, filters and binding included.
        builder.Finally(endpoint =>
        {
            var inner = endpoint.RequestDelegate ?? throw new InvalidOperationException(
                "an endpoint without a handler cannot require a role");
            endpoint.RequestDelegate = context =>
                context.RefuseUnless(roles) is { } refusal ? WriteRefusalAsync(context, refusal) : inner(context);
        });
        return builder;
    }

    private static Task WriteRefusalAsync(HttpContext context, LinkRefusal refusal)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "application/problem+json";
        return context.Response.WriteAsync(
            $$"""{"type":"about:blank","title":"forbidden","status":403,"code":"{{refusal.Code()}}",""" +
            """
            "detail":"this certificate may not do that"}
            """,
            context.RequestAborted);
    }
}
