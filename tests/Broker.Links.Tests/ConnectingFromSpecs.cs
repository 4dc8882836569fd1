using System.Net;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Broker.Links.Tests;

/// <summary>A client of a machine with several addresses says which of them it connects from.</summary>
public sealed class ConnectingFromSpecs
{
    private static readonly TestAuthority Ours = new();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.7")]
    public async Task Client_should_connect_from_the_address_that_it_was_given(string from)
    {
        await using var server = await Start();
        using var key = Ours.Node(LinkRole.Dmz, "one");
        using var client = LinkHttpClient.Create(
            key, LinkServerFixture.Expected(LinkRole.Dmz) with { From = IPAddress.Parse(from) }, server.Address);

        Assert.Equal(from, await client.GetStringAsync(new Uri("/from", UriKind.Relative)));
    }

    [Fact]
    public async Task Client_should_say_so_where_it_has_no_such_address()
    {
        await using var server = await Start();
        using var key = Ours.Node(LinkRole.Dmz, "one");
        using var client = LinkHttpClient.Create(
            key, LinkServerFixture.Expected(LinkRole.Dmz) with { From = IPAddress.Parse("192.0.2.1") }, server.Address);

        var problem = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("/from", UriKind.Relative)));

        Assert.Contains("AddressNotAvailable", LinkConnectException.In(problem)!.Message, StringComparison.Ordinal);
    }

    private static Task<LinkServerFixture> Start() => LinkServerFixture.StartAsync(
        Ours.Node(LinkRole.Dmz, "server"),
        static app => app.MapGet("/from", static (HttpContext context) => context.Connection.RemoteIpAddress!.ToString()), LinkRole.Dmz);
}
