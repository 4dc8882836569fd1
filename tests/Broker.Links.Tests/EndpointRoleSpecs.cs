using System.Net;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Links.Tests;

public sealed class EndpointRoleSpecs
{
    private static readonly TestAuthority Ours = new();

    [Theory]
    [InlineData("/handler")]
    [InlineData("/delegate")]
    [InlineData("/group/handler")]
    public async Task Endpoint_should_refuse_a_role_that_its_listener_let_in(string path)
    {
        await using var server = await Start();
        using var console = LinkHttpClient.Create(
            Ours.Node(LinkRole.Console, "c"), LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        using var refused = await console.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Contains("\"code\":\"wrong-role\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var dmz = LinkHttpClient.Create(Ours.Node(LinkRole.Dmz, "d"), LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        Assert.Equal("done", await dmz.GetStringAsync(new Uri(path, UriKind.Relative)));
    }

    [Fact]
    public async Task Client_should_refuse_a_server_of_another_role_or_name()
    {
        await using var server = await Start();
        using var key = Ours.Node(LinkRole.Dmz, "d");
        Assert.Equal(LinkRefusal.WrongRole, await Refusal(key, LinkServerFixture.Expected(LinkRole.Zone), server));
        Assert.Equal(LinkRefusal.WrongName, await Refusal(key, LinkServerFixture.Expected(LinkRole.Dmz, Name.Parse("other")), server));
        using var good = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Dmz, Name.Parse("server")), server.Address);
        Assert.Equal("done", await good.GetStringAsync(new Uri("/handler", UriKind.Relative)));
    }

    [Fact]
    public async Task Peer_should_be_the_one_of_each_connection()
    {
        await using var server = await Start();
        using var enrolling = Ours.Node(LinkRole.Console, "alice", mayEnrol: true);
        using var plain = Ours.Node(LinkRole.Console, "bob");
        using var a = LinkHttpClient.Create(enrolling, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        using var b = LinkHttpClient.Create(plain, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        Assert.Equal($"console/alice True {enrolling.PublicKey}", await a.GetStringAsync(new Uri("/peer", UriKind.Relative)));
        Assert.Equal($"console/bob False {plain.PublicKey}", await b.GetStringAsync(new Uri("/peer", UriKind.Relative)));
    }

    private static async Task<LinkRefusal?> Refusal(InstallationKey key, LinkServer expected, LinkServerFixture server)
    {
        using var client = LinkHttpClient.Create(key, expected, server.Address);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("/handler", UriKind.Relative)));
        return LinkConnectException.In(error)?.Refusal;
    }

    private static Task<LinkServerFixture> Start() => LinkServerFixture.StartAsync(
        Ours.Node(LinkRole.Dmz, "server"),
        static app =>
        {
            app.MapGet("/handler", static () => "done").RequireRole(LinkRole.Dmz);
            app.MapGet("/delegate", static context => context.Response.WriteAsync("done")).RequireRole(LinkRole.Dmz);
            app.MapGroup("/group").RequireRole(LinkRole.Dmz).MapGet("/handler", static () => "done");
            app.MapGet("/peer", static (HttpContext c) => $"{c.Peer()} {c.Peer()!.MayEnrol} {c.Peer()!.Key}");
        },
        LinkRole.Dmz,
        LinkRole.Console);
}
