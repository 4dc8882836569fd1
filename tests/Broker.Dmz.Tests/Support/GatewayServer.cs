using System.Net;
using Broker.Dmz.Agents;
using Broker.Dmz.Gateway;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Support;

/// <summary>The gateway of a world's node on a listener that lets every role in, so that what refuses is the check at the call.</summary>
internal sealed class GatewayServer(WebApplication web) : IAsyncDisposable
{
    public static async Task<GatewayServer> StartAsync(DmzWorld world, Broker.Actors.ActorRef<Peers.PeerIntakeMessage>? intake = null)
    {
        var key = world.Issue(LinkRole.Dmz, "dmz-1");
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, world.Time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = ApiRoutes.MaxBody;
            kestrel.ListenLink(
                new LinkListener("console", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Console, LinkRole.Dmz, LinkRole.Agent,
                    LinkRole.Zone), key, refused, HttpProtocols.Http1AndHttp2);
        });
        var web = builder.Build();
        web.UseGatewayProblems();
        web.UseRouting();
        web.MapGateway(new GatewayContext(
            world.Node, world.Customers, world.Requests, new ConnectedAgents(), new LoginTokens(world.Time, world.Node.Random),
            NullLogger.Instance)
        {
            Intake = intake,
        });
        await web.StartAsync();
        return new GatewayServer(web);
    }

    public HttpClient Client(InstallationKey key) => LinkHttpClient.Create(key, new LinkServer(LinkRole.Dmz), new Uri(web.Urls.Single()));

    public ValueTask DisposeAsync() => web.DisposeAsync();
}
