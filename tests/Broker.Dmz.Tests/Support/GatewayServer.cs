using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Dmz.Agents;
using Broker.Dmz.Custody;
using Broker.Dmz.Draining;
using Broker.Dmz.Gateway;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Support;

/// <summary>The gateway of a world's node on a listener that lets every role in, so that what refuses is the check at the call.</summary>
internal sealed class GatewayServer(WebApplication web) : IAsyncDisposable
{
    public const int EntriesPerMinute = 30;

    /// <summary>Starts it.</summary>
    /// <param name="world">Whose node.</param>
    /// <param name="intake">What asks for customers when the node is admitted.</param>
    /// <param name="drain">Who may have it leave.</param>
    /// <param name="minutes">The clock of what consoles may bring in a minute; null: the world's.</param>
    public static async Task<GatewayServer> StartAsync(
        DmzWorld world, Broker.Actors.ActorRef<Peers.PeerIntakeMessage>? intake = null, DrainPermit? drain = null,
        TimeProvider? minutes = null)
    {
        var key = world.Issue(LinkRole.Dmz, "dmz-1");
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, world.Time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = ApiRoutes.MaxBody;
            kestrel.ListenLink(
                new LinkListener(
                    "console", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Console, LinkRole.Dmz, LinkRole.Agent, LinkRole.Zone)
                {
                    HandshakeTimeout = Patience.Limit,
                },
                key, refused, HttpProtocols.Http1AndHttp2);
        });
        var web = builder.Build();
        web.UseGatewayProblems();
        web.UseRouting();
        web.MapGateway(new GatewayContext(
            world.Node, world.Customers, world.Requests, new ConnectedAgents(), new LoginTokens(world.Time),
            new EntryBudget(minutes ?? world.Time, EntriesPerMinute), NullLogger.Instance)
        {
            Intake = intake,
            Drain = drain,
        });
        await web.StartAsync();
        return new GatewayServer(web);
    }

    public HttpClient Client(InstallationKey key) => LinkHttpClient.Create(
        key, new LinkServer(LinkRole.Dmz) { ConnectTimeout = Patience.Limit }, new Uri(web.Urls.Single()));

    /// <summary>Posts JSON; the answer is the reply, or the problem's code with its detail.</summary>
    public static async Task<(TReply? Reply, string? Code, string? Detail)> Post<TBody, TReply>(
        HttpClient client, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TReply> replyType)
        where TReply : class
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        var answer = await response.Content.ReadAsByteArrayAsync();
        if (response.IsSuccessStatusCode)
        {
            return (JsonSerializer.Deserialize(answer, replyType), null, null);
        }

        var problem = JsonSerializer.Deserialize(answer, ApiJson.Default.ProblemModel)!;
        return (null, problem.Code, problem.Detail);
    }

    public ValueTask DisposeAsync() => web.DisposeAsync();
}
