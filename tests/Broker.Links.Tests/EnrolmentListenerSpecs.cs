using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Links.Tests;

public sealed class EnrolmentListenerSpecs
{
    private static readonly TestAuthority Ours = new();
    private static readonly TestAuthority Foreign = new("foreign");

    [Fact]
    public async Task Enrolment_should_reach_the_server_by_the_roots_fingerprint_alone()
    {
        await using var server = await Start(Ours.Node(LinkRole.Dmz, "server"));
        var trust = await PinnedRoot.FetchAsync(server.Address, Ours.Trust.Fingerprint, Patience.Limit, default);
        Assert.Equal(Ours.Cluster, trust.Cluster);
        using var client = LinkHttpClient.CreateForEnrolment(trust, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        client.Timeout = Patience.Limit;
        Assert.Equal("nobody", await client.GetStringAsync(new Uri("/who", UriKind.Relative)));
    }

    [Fact]
    public async Task Enrolment_should_refuse_a_server_of_another_root()
    {
        await using var server = await Start(Foreign.Node(LinkRole.Dmz, "server"));
        var error = await Assert.ThrowsAsync<LinkConnectException>(
            () => PinnedRoot.FetchAsync(server.Address, Ours.Trust.Fingerprint, Patience.Limit, default));
        Assert.Equal(LinkRefusal.ForeignAuthority, error.Refusal);
        using var client = LinkHttpClient.CreateForEnrolment(Ours.Trust, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        client.Timeout = Patience.Limit;
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("/who", UriKind.Relative)));
        Assert.Equal(LinkRefusal.ForeignAuthority, LinkConnectException.In(refused)!.Refusal);
    }

    [Fact]
    public async Task Enrolment_listener_should_not_reach_endpoints_that_require_a_role()
    {
        await using var server = await Start(Ours.Node(LinkRole.Dmz, "server"));
        using var client = LinkHttpClient.CreateForEnrolment(Ours.Trust, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        client.Timeout = Patience.Limit;
        using var reply = await client.GetAsync(new Uri("/dmz", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, reply.StatusCode);
        Assert.Contains("no-certificate", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task<LinkServerFixture> Start(InstallationKey key) => LinkServerFixture.StartAsync(key, app =>
    {
        app.MapRoot(key.Trust);
        app.MapGet("/who", static (HttpContext context) => context.Peer()?.Path ?? "nobody");
        app.MapGet("/dmz", static () => "done").RequireRole(LinkRole.Dmz);
    });
}
