using System.Net;
using System.Security.Cryptography.X509Certificates;
using Broker.Cluster.Etcd.Grpc;
using Broker.Cluster.Etcd.Wire;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Cluster.Tests.Support;

/// <summary>
/// One member of a fake etcd, on real HTTP/2 and mutual TLS, that does what a test scripts: pause, drop, answer late, send twice (E12).
/// </summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<string> _calls = [];
    private readonly Lock _lock = new();
    private CancellationTokenSource _cut = new();
    private int _watches;

    private FakeEtcd(FakeStore store, WebApplication app) => (Store, _app) = (store, app);

    public FakeStore Store { get; }

    public Uri Address { get; private set; } = null!;

    /// <summary>Runs before a call has its effect, with the method's name; may wait, abort, or throw.</summary>
    public Func<string, HttpContext, Task> Before { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>Runs after a call has had its effect and before it is answered.</summary>
    public Func<string, HttpContext, Task> After { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>Each message of a watch is sent so often; 0: none of them, though the watch stands.</summary>
    public int Repeats { get; set; } = 1;

    /// <summary>The alarms that stand, where it is asked for them.</summary>
    public IReadOnlyList<AlarmMember> Alarms { get; set; } = [];

    /// <summary>Watches that stand.</summary>
    public int Watches => Volatile.Read(ref _watches);

    /// <summary>The methods that were called, in order.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    public static async Task<FakeEtcd> StartAsync(EtcdAuthority authority, FakeStore? store = null)
    {
        var server = authority.Certificate("etcd");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(https =>
                {
                    https.HandshakeTimeout = Patience.Limit;
                    https.ServerCertificate = server;
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => IsOf(authority, certificate);
                });
            }));
        var app = builder.Build();
        var etcd = new FakeEtcd(store ?? new FakeStore(), app);
        app.Run(etcd.ServeAsync);
        await app.StartAsync();
        etcd.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return etcd;
    }

    /// <summary>Breaks all watches that stand.</summary>
    public void CutWatches() => Interlocked.Exchange(ref _cut, new CancellationTokenSource()).Cancel();

    /// <summary>Ends every call and refuses further connections.</summary>
    public async Task StopAsync() => await _app.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _app.DisposeAsync();
        _cut.Dispose();
    }

    /// <summary>Ends a call with an error of gRPC.</summary>
    public static async Task FailAsync(HttpContext context, int status, string message)
    {
        context.Response.Headers["grpc-status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = message;
        await context.Response.CompleteAsync();
    }

    private static bool IsOf(EtcdAuthority authority, X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(authority.Authority));
        return chain.Build(certificate);
    }

    private async Task ServeAsync(HttpContext context)
    {
        var method = context.Request.Path.Value!.Split('/')[^1];
        lock (_lock)
            _calls.Add(method);
        context.Response.ContentType = "application/grpc";
        try
        {
            var bytes = await GrpcFrame.ReadAsync(context.Request.Body, 1 << 20, context.RequestAborted);
            await Before(method, context).WaitAsync(context.RequestAborted);
            if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
                return;
            if (method == "Watch")
                await WatchAsync(context, WatchRequest.Parser.ParseFrom(bytes).Create);
            else
                await AnswerAsync(method, context, Execute(method, bytes!));
        }
        catch (OperationCanceledException)
        {
            // The client went, or the test ended the call.
        }
    }

    private async Task AnswerAsync(string method, HttpContext context, IMessage? reply)
    {
        await After(method, context).WaitAsync(context.RequestAborted);
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
            return;
        if (reply is null)
        {
            await FailAsync(context, method == "Range" ? 11 : 5, "as etcd says it");
            return;
        }

        await context.Response.Body.WriteAsync(GrpcFrame.Write(reply));
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private IMessage? Execute(string method, byte[] bytes) => method switch
    {
        "Range" => Store.Range(RangeRequest.Parser.ParseFrom(bytes)),
        "Put" => Put(PutRequest.Parser.ParseFrom(bytes)),
        "Txn" => Store.Txn(TxnRequest.Parser.ParseFrom(bytes)),
        "DeleteRange" => throw new NotSupportedException("members delete by their lease"),
        "LeaseGrant" => Store.Grant(GrantRequest.Parser.ParseFrom(bytes)),
        "LeaseRevoke" => Revoke(RevokeRequest.Parser.ParseFrom(bytes)),
        "LeaseKeepAlive" => Store.KeepAlive(KeepAliveRequest.Parser.ParseFrom(bytes)),
        "Alarm" => new AlarmReply { Header = Store.Header, Alarms = { Alarms } },
        "Status" => new StatusReply { Header = Store.Header, Version = "3.4.0", Leader = 1 },
        _ => null,
    };

    private PutReply? Put(PutRequest put) =>
        Store.Txn(new TxnRequest { Success = { new Operation { Put = put } } }) is { } done ? new PutReply { Header = done.Header } : null;

    private RevokeReply Revoke(RevokeRequest revoke)
    {
        Store.Expire(revoke.Id);
        return new RevokeReply { Header = Store.Header };
    }

    private async Task WatchAsync(HttpContext context, WatchCreate watch)
    {
        await using var cut = Volatile.Read(ref _cut).Token.Register(context.Abort);
        Interlocked.Increment(ref _watches);
        try
        {
            await WatchOnAsync(context, watch);
        }
        finally
        {
            Interlocked.Decrement(ref _watches);
        }
    }

    private async Task WatchOnAsync(HttpContext context, WatchCreate watch)
    {
        await SendAsync(context, new WatchReply { Header = Store.Header, Created = true });
        var next = watch.StartRevision;
        while (true)
        {
            if (Store.Since(watch, next) is not { } since)
            {
                await SendAsync(context, new WatchReply { Header = Store.Header, Canceled = true, CompactRevision = Store.Compacted + 1 });
                return;
            }

            foreach (var revision in since.Events.GroupBy(static e => e.Kv.ModRevision))
            {
                for (var i = 0; i < Repeats; i++)
                    await SendAsync(context, new WatchReply { Header = Store.Header, Events = { revision } });
                next = revision.Key + 1;
            }

            await since.Changed.WaitAsync(context.RequestAborted);
        }
    }

    private static async Task SendAsync(HttpContext context, WatchReply reply)
    {
        await context.Response.Body.WriteAsync(GrpcFrame.Write(reply), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
