using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Broker.Benchmarks.Bare;

/// <summary>
/// A WebSocket server as Kestrel has it, with the same mutual TLS 1.3 and the same pings, and nothing else: what a connection costs that
/// does nothing. It waits for messages without a buffer, which is the least that can be done.
/// </summary>
internal static class BareSockets
{
    private const int MaxMessage = 4096;

    private static readonly TimeSpan Pings = TimeSpan.FromSeconds(15);

    private static readonly Option<string> Root = new("--root") { Required = true };
    private static readonly Option<string> Certificate = new("--certificate") { Required = true };
    private static readonly Option<string> Key = new("--key") { Required = true };
    private static readonly Option<int> Port = new("--port") { Required = true };

    public static Command Create()
    {
        var command = new Command("bare-sockets") { Root, Certificate, Key, Port };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var key = InstallationKey.Load(
                parsed.GetRequiredValue(Certificate), parsed.GetRequiredValue(Key), LinkTrust.Load(parsed.GetRequiredValue(Root)));
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "bare" });
            builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(
                kestrel => kestrel.Listen(IPAddress.Loopback, parsed.GetValue(Port), listen => Listen(listen, Tls(key))));
            await using var web = builder.Build();
            web.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Pings, KeepAliveTimeout = Pings });
            web.Run(Serve);
            await web.StartAsync(cancellation);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation)
                .ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        return command;
    }

    private static void Listen(ListenOptions listen, SslServerAuthenticationOptions tls)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls) });
    }

    private static SslServerAuthenticationOptions Tls(InstallationKey key)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(key.Trust.Root);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = key.Context,
            ClientCertificateRequired = true,
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = static (_, _, _, problems) => problems == SslPolicyErrors.None,
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            AllowRenegotiation = false,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        };
    }

    private static async Task Serve(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            // Asked once or twice, for what of its memory is managed.
            await context.Response.WriteAsync(
                GC.GetTotalMemory(forceFullCollection: false).ToString(CultureInfo.InvariantCulture), context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        while (socket.State == WebSocketState.Open)
        {
            if ((await socket.ReceiveAsync(Memory<byte>.Empty, context.RequestAborted)).MessageType == WebSocketMessageType.Close)
                return;
            await socket.ReceiveAsync(new byte[MaxMessage].AsMemory(), context.RequestAborted);
        }
    }
}
