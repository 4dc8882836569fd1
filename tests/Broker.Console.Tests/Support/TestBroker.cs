using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Console.Tests.Support;

/// <summary>
/// A gateway over real mutual TLS whose answers tests choose: honest ones by <see cref="TestCustomer"/>, others by a hook.
/// </summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestBroker(WebApplication app, TestInstallation installation)
    {
        _app = app;
        Customer = new TestCustomer(installation);
        Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public TestCustomer Customer { get; }

    public string Address { get; }

    /// <summary>Calls in the order in which they came, as <c>METHOD path</c>.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Answers in place of the honest broker where it returns true.</summary>
    public Func<HttpContext, byte[], Task<bool>>? Hook { get; set; }

    public static async Task<TestBroker> StartAsync(TestInstallation installation)
    {
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, TimeProvider.System);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            // A console that stood still in the middle of a request is not cut off.
            (kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate) = (null, null);
            (kestrel.Limits.RequestHeadersTimeout, kestrel.Limits.KeepAliveTimeout) = (Patience.Limit, Patience.Limit);
            var listener = new LinkListener("gateway", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Console)
            {
                HandshakeTimeout = Patience.Limit,
            };
            kestrel.ListenLink(listener, installation.Node, refused, HttpProtocols.Http1AndHttp2);
        });
        var app = builder.Build();
        TestBroker? broker = null;
        app.Run(context => broker!.AnswerAsync(context));
        await app.StartAsync();
        broker = new TestBroker(app, installation);
        return broker;
    }

    public static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type)).AsTask();
    }

    public static Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        return WriteAsync(
            context, new ProblemModel("about:blank", "refused", status, "told by the test", code, "c-1"), ApiJson.Default.ProblemModel);
    }

    public ValueTask DisposeAsync()
    {
        Customer.Dispose();
        return _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (Calls)
            Calls.Add($"{context.Request.Method} {context.Request.Path}");
        try
        {
            if (Hook is null || !await Hook(context, body.ToArray()))
                await Customer.AnswerAsync(context, body.ToArray());
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(context, 500, e.GetType().Name + " " + e.Message);
        }
    }
}
