using System.Net;
using System.Net.WebSockets;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.Links.Versions;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Problem = Broker.Protocol.Wire.Zone.Problem;

namespace Broker.Links.Tests;

/// <summary>Ends of other versions, written as bytes and headers: what they announce is theirs, and no code of this version.</summary>
public sealed class LinkVersionSpecs
{
    private const uint Own = LinkVersion.Current;

    private static readonly TestAuthority Ours = new();

    [Theory]
    [InlineData(5, 4, true)]
    [InlineData(5, 5, true)]
    [InlineData(5, 6, true)]
    [InlineData(5, 3, false)]
    [InlineData(5, 7, false)]
    [InlineData(5, 0, false)]
    [InlineData(5, uint.MaxValue, false)]
    [InlineData(1, 0, false)]
    [InlineData(uint.MaxValue, uint.MaxValue - 1, true)]
    [InlineData(uint.MaxValue, 1, false)]
    public void Versions_should_work_together_one_apart_and_no_further(uint own, uint theirs, bool near) =>
        Assert.Equal(near, LinkVersion.IsNear(theirs, own));

    [Theory]
    [InlineData(null, 1)]
    [InlineData("", 1)]
    [InlineData("7", 7)]
    [InlineData("0", LinkVersion.Unreadable)]
    [InlineData("-1", LinkVersion.Unreadable)]
    [InlineData(" 2", LinkVersion.Unreadable)]
    [InlineData("2,2", LinkVersion.Unreadable)]
    [InlineData("99999999999", LinkVersion.Unreadable)]
    [InlineData("two", LinkVersion.Unreadable)]
    public void Announcement_should_be_a_number_or_nothing(string? header, uint version) => Assert.Equal(version, LinkVersion.Read(header));

    [Theory]
    [InlineData(null)]
    [InlineData("1")]
    [InlineData("3")]
    public async Task Server_should_do_what_a_near_version_asks(string? announced)
    {
        await using var zone = await ScriptedZone.StartAsync();
        Assert.Equal((HttpStatusCode.OK, ""), await PostAsync(zone.Address, ZoneOperations.Commit.Path, announced));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("4")]
    [InlineData("no number")]
    public async Task Server_should_refuse_a_version_that_is_two_away_and_still_say_who_it_is(string announced)
    {
        var committed = 0;
        await using var zone = await Start(app =>
        {
            app.MapZoneOperation(ZoneOperations.Describe, static (_, _, _) => Answer(new DescribeReply { Node = "z" }));
            app.MapZoneOperation(ZoneOperations.Commit, (_, _, _) =>
            {
                committed++;
                return Answer(new CommitReply());
            });
        });

        Assert.Equal((HttpStatusCode.Conflict, LinkVersion.TooFar), await PostAsync(zone.Address, ZoneOperations.Commit.Path, announced));
        Assert.Equal((HttpStatusCode.OK, ""), await PostAsync(zone.Address, ZoneOperations.Describe.Path, announced));
        Assert.Equal(0, committed);
    }

    // A server of another version, which answers whatever it is asked: it is of before versions were refused, or lies.
    [Theory]
    [InlineData("4")]
    [InlineData("0")]
    public async Task Client_should_ask_nothing_of_a_node_that_said_it_is_two_away(string announced)
    {
        await using var far = await ScriptedZone.StartAsync();
        far.Script = Announce(announced);
        using var client = Client(far.Address);
        await client.DescribeAsync(new DescribeRequest(), default);

        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => client.CommitAsync(new CommitRequest(), default));

        Assert.Equal(LinkVersion.TooFar, refused.Code);
        Assert.Equal(1, far.Calls);
    }

    [Fact]
    public async Task What_a_node_too_far_away_did_all_the_same_should_be_no_refusal()
    {
        await using var far = await ScriptedZone.StartAsync();
        far.Script = Announce("4");
        using var client = Client(far.Address);

        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => client.CommitAsync(new CommitRequest(), default));
    }

    [Fact]
    public async Task Another_node_should_do_what_one_too_far_away_would_not()
    {
        await using var far = await Start(static app => app.Run(async context =>
        {
            context.Response.StatusCode = 409;
            context.Response.Headers[LinkVersion.Header] = "9";
            context.Response.ContentType = ZoneOperations.MediaType;
            var problem = new Problem { Code = LinkVersion.TooFar }.ToByteArray();
            context.Response.ContentLength = problem.Length;
            await context.Response.Body.WriteAsync(problem);
        }));
        await using var near = await ScriptedZone.StartAsync();
        using var client = Client(far.Address, near.Address);

        for (var i = 0; i < 4; i++)
            await client.CommitAsync(new CommitRequest(), default);

        Assert.Equal(4, near.Calls);
        var each = await client.DescribeEachAsync(new DescribeRequest(), default);
        Assert.Equal(
            new[] { (far.Address, 9u, false), (near.Address, Own, true) }
                .OrderBy(static n => n.Address.AbsoluteUri, StringComparer.Ordinal),
            each.Select(static n => (n.Address!, n.Version, n.Reply is not null)));
    }

    [Fact]
    public async Task A_node_that_was_brought_near_should_be_asked_again()
    {
        await using var zone = await ScriptedZone.StartAsync();
        zone.Script = Announce("4");
        using var client = Client(zone.Address);
        await client.DescribeAsync(new DescribeRequest(), default);
        Assert.Equal(4u, client.LastVersion);

        zone.Script = null;
        await client.DescribeAsync(new DescribeRequest(), default);

        await client.CommitAsync(new CommitRequest(), default);
    }

    [Theory]
    [InlineData("4", LinkVersion.TooFar)]
    [InlineData("0", LinkVersion.TooFar)]
    [InlineData("3", "served")]
    [InlineData(null, "served")]
    public async Task Agent_should_be_told_why_its_version_is_not_served(string? announced, string said)
    {
        await using var server = await StartAgents(static (_, socket, _) => socket.CloseAsync("served"));
        using var key = Ours.Agent("acme", "web-1");
        using var socket = new ClientWebSocket();
        if (announced is not null)
            socket.Options.SetRequestHeader(LinkVersion.Header, announced);
        using var invoker = LinkHttpClient.CreateForWebSocket(key, LinkServerFixture.Expected(LinkRole.Dmz));
        await socket.ConnectAsync(new Uri(server.Address.AbsoluteUri.Replace("https", "wss", StringComparison.Ordinal) + "v1/link"),
            invoker, default);

        using var link = new FrameSocket(socket, new SteadyTime());
        Assert.Equal(said, (await link.ReceiveAsync(default))!.Goodbye.Code);
    }

    [Fact]
    public async Task Both_ends_of_an_agents_link_should_know_what_the_other_speaks()
    {
        var seen = 0u;
        await using var server = await StartAgents(async (_, socket, _) =>
        {
            seen = socket.Version;
            await socket.CloseAsync("served");
        });
        using var key = Ours.Agent("acme", "web-1");
        using var link = await AgentLink.ConnectAsync(
            server.Address, key, LinkServerFixture.Expected(LinkRole.Dmz), new SteadyTime(), default);
        await link.ReceiveAsync(default);

        Assert.Equal((Own, Own), (seen, link.Version));
    }

    [Fact]
    public async Task Agent_should_leave_a_broker_that_is_two_away()
    {
        await using var server = await Start(Ours.Node(LinkRole.Dmz, "d"), static app =>
        {
            app.UseAgentLink();
            app.Run(static async context =>
            {
                context.Response.Headers[LinkVersion.Header] = "4";
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
            });
        }, HttpProtocols.Http1, LinkRole.Agent);
        using var key = Ours.Agent("acme", "web-1");

        var refused = await Assert.ThrowsAsync<LinkConnectException>(
            () => AgentLink.ConnectAsync(server.Address, key, LinkServerFixture.Expected(LinkRole.Dmz), new SteadyTime(), default));

        Assert.StartsWith(LinkVersion.TooFar, refused.Message, StringComparison.Ordinal);
    }

    private static Func<HttpContext, Task> Announce(string version) => context =>
    {
        // Ours is written first and theirs over it.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[LinkVersion.Header] = version;
            return Task.CompletedTask;
        });
        context.Request.Headers.Remove(LinkVersion.Header);
        return Task.CompletedTask;
    };

    private static async Task<(HttpStatusCode Status, string Code)> PostAsync(Uri address, string path, string? announced)
    {
        using var client = LinkHttpClient.Create(ScriptedZone.Dmz(), LinkServerFixture.Expected(LinkRole.Zone), address);
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            Content = new ByteArrayContent([]) { Headers = { ContentType = new(ZoneOperations.MediaType) } },
        };
        if (announced is not null)
            message.Headers.Add(LinkVersion.Header, announced);
        using var response = await client.SendAsync(message);
        Assert.Equal([LinkVersion.Text], response.Headers.GetValues(LinkVersion.Header));
        return (response.StatusCode, response.IsSuccessStatusCode
            ? ""
            : Problem.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync()).Code);
    }

    private static ZoneClient Client(params Uri[] addresses) =>
        new(new ZoneClientOptions(addresses) { Deadline = Patience.Limit, ConnectTimeout = Patience.Limit }, ScriptedZone.Dmz(),
            new SteadyTime());

    private static Task<ZoneAnswer<TReply>> Answer<TReply>(TReply reply)
        where TReply : class => Task.FromResult<ZoneAnswer<TReply>>(reply);

    private static Task<LinkServerFixture> Start(Action<WebApplication> map) =>
        Start(ScriptedZone.Key(), map, HttpProtocols.Http2, LinkRole.Dmz);

    private static Task<LinkServerFixture> Start(
        InstallationKey key, Action<WebApplication> map, HttpProtocols protocols, LinkRole role) =>
        LinkServerFixture.StartAsync(key, map, protocols, LinkServerFixture.Listener(role));

    private static Task<LinkServerFixture> StartAgents(Func<PeerIdentity, FrameSocket, CancellationToken, Task> serve) => Start(
        Ours.Node(LinkRole.Dmz, "d"),
        app =>
        {
            app.UseAgentLink();
            app.MapAgentLink(new SteadyTime(), serve);
        },
        HttpProtocols.Http1, LinkRole.Agent);
}
