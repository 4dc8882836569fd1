using System.Net;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Links.Tests.Support;

/// <summary>A real Kestrel on loopback with one listener of a link.</summary>
internal sealed class LinkServerFixture : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LinkServerFixture(WebApplication app, RefusedHandshakes refused)
    {
        _app = app;
        Refused = refused;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public RefusedHandshakes Refused { get; }

    public Uri Address { get; }

    public static async Task<LinkServerFixture> StartAsync(
        InstallationKey key, Action<WebApplication> map, HttpProtocols protocols, LinkListener listener)
    {
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, TimeProvider.System);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = 2 * Patience.Limit);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            if (listener.Roles.Length == 0)
                kestrel.ListenEnrolment(listener, key, refused);
            else
                kestrel.ListenLink(listener, key, refused, protocols);
        });
        var app = builder.Build();
        app.UseRouting();
        map(app);
#pragma warning disable ASP0014 // An empty builder adds no endpoint middleware of its own.
        app.UseEndpoints(static _ => { });
#pragma warning restore ASP0014
        await app.StartAsync();
        return new LinkServerFixture(app, refused);
    }

    public static Task<LinkServerFixture> StartAsync(InstallationKey key, Action<WebApplication> map, params LinkRole[] roles) =>
        StartAsync(key, map, HttpProtocols.Http1AndHttp2, Listener(roles));

    public static LinkListener Listener(params LinkRole[] roles) =>
        new("test", new IPEndPoint(IPAddress.Loopback, 0), roles) { HandshakeTimeout = Patience.Limit };

    /// <summary>Who must answer; connecting may take as long as it takes.</summary>
    public static LinkServer Expected(LinkRole role, Name? name = null) => new(role, name) { ConnectTimeout = Patience.Limit };

    /// <summary>Stops as a node does; what is served still when the token ends is cut off.</summary>
    public Task StopAsync(CancellationToken deadline) => _app.StopAsync(deadline);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
