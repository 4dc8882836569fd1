using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Broker.Links.Tests;

public sealed class HandshakeSpecs
{
    private static readonly TestAuthority Ours = new();
    private static readonly TestAuthority Foreign = new("foreign-cluster");

    [Theory]
    [InlineData(LinkRole.Dmz)]
    [InlineData(LinkRole.Zone)]
    [InlineData(LinkRole.Console)]
    [InlineData(LinkRole.Agent)]
    public async Task Listener_should_accept_its_role_and_refuse_every_other(LinkRole allowed)
    {
        await using var server = await Start(allowed);
        foreach (var role in new[] { LinkRole.Dmz, LinkRole.Zone, LinkRole.Console, LinkRole.Agent })
        {
            using var key = role == LinkRole.Agent ? Ours.Agent("acme", "web-1") : Ours.Node(role, "one");
            using var client = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
            if (role == allowed)
            {
                Assert.Equal(key.Identity.Path, await client.GetStringAsync(new Uri("/who", UriKind.Relative)));
            }
            else
            {
                var before = server.Refused.Count("test", LinkRefusal.WrongRole);
                await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("/who", UriKind.Relative)));
                await Eventually(() => server.Refused.Count("test", LinkRefusal.WrongRole) > before);
            }
        }
    }

    [Fact]
    public async Task Listener_should_refuse_a_client_without_certificate() => await Refuses(null, LinkRefusal.NoCertificate);

    [Fact]
    public async Task Listener_should_refuse_a_foreign_authority()
    {
        using var key = Foreign.Node(LinkRole.Dmz, "one");
        await Refuses(key.Context, LinkRefusal.ForeignAuthority);
    }

    [Fact]
    public async Task Listener_should_refuse_a_foreign_agents_chain()
    {
        using var key = Foreign.Agent("acme", "web-1");
        await Refuses(key.Context, LinkRefusal.ForeignAuthority);
    }

    [Fact]
    public async Task Listener_should_refuse_an_expired_certificate()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one", false, TestAuthority.Now.AddDays(-60));
        await Refuses(key.Context, LinkRefusal.NotValidNow);
    }

    [Fact]
    public async Task Listener_should_refuse_a_certificate_that_is_not_valid_yet()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one", false, TestAuthority.Now.AddDays(2));
        await Refuses(key.Context, LinkRefusal.NotValidNow);
    }

    [Fact]
    public async Task Listener_should_refuse_another_cluster() =>
        await RefusesForged(LinkRefusal.WrongCluster, "spiffe://other/dmz/one");

    [Fact]
    public async Task Listener_should_refuse_two_identities() =>
        await RefusesForged(LinkRefusal.SeveralIdentities, "spiffe://test-cluster/dmz/one", "spiffe://test-cluster/zone/one");

    [Fact]
    public async Task Listener_should_refuse_a_certificate_without_identity() => await RefusesForged(LinkRefusal.NoIdentity);

    [Theory]
    [InlineData("spiffe://test-cluster/dmz/one/two")]
    [InlineData("spiffe://test-cluster/dmz/ONE")]
    [InlineData("spiffe://test-cluster/root/one")]
    [InlineData("spiffe://test-cluster/dmz/one?role=zone")]
    public async Task Listener_should_refuse_a_malformed_identity(string uri) => await RefusesForged(LinkRefusal.MalformedIdentity, uri);

    [Theory]
    [InlineData("spiffe://test-cluster/dmz/one", "urn:broker:attribute:enrol")]
    [InlineData("spiffe://test-cluster/console/one", "urn:broker:attribute:other")]
    public async Task Listener_should_refuse_an_attribute_that_does_not_belong(string uri, string attribute) =>
        await RefusesForged(LinkRefusal.MalformedIdentity, uri, attribute);

    [Fact]
    public async Task Listener_should_refuse_an_agent_directly_under_the_root() =>
        await RefusesForged(LinkRefusal.RoleNotForChain, "spiffe://test-cluster/agent/acme/web-1");

    [Fact]
    public async Task Listener_should_refuse_an_agents_chain_that_claims_to_be_a_node()
    {
        var (issuer, issuerKey) = Ours.AgentIssuer();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = TestAuthority.Forge(issuer, issuerKey, key, ["spiffe://test-cluster/dmz/one"]);
        await Refuses(Context(leaf, key, issuer), LinkRefusal.RoleNotForChain);
    }

    [Fact]
    public async Task Listener_should_refuse_a_node_certificate_that_signs_others()
    {
        var (node, nodeKey) = Ours.Below(LinkRole.Dmz, "one");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = TestAuthority.Forge(node, nodeKey, key, ["spiffe://test-cluster/agent/acme/web-1"]);
        await Refuses(Context(leaf, key, node), LinkRefusal.BadChain);
    }

    [Fact]
    public async Task Listener_should_refuse_an_intermediate_without_the_issuers_role()
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=other", issuerKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(AlternativeNames.Build(["spiffe://test-cluster/dmz/one"], []));
        using var issuer = request.Create(
            Ours.Trust.Root.SubjectName, X509SignatureGenerator.CreateForECDsa(Ours.RootKey), TestAuthority.Now.AddHours(-1),
            TestAuthority.Now.AddDays(1), [1, 2, 3]);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = TestAuthority.Forge(issuer, issuerKey, key, ["spiffe://test-cluster/agent/acme/web-1"]);
        await Refuses(Context(leaf, key, issuer), LinkRefusal.IssuerWithoutRole);
    }

    [Fact]
    public async Task Listener_should_refuse_a_ledger_certificate()
    {
        using var key = Ours.Node(LinkRole.Ledger, "one");
        await Refuses(key.Context, LinkRefusal.NotForLinks);
    }

    [Fact]
    public async Task Listener_should_refuse_a_key_on_another_curve()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var leaf = Ours.Forge(key, ["spiffe://test-cluster/dmz/one"]);
        await Refuses(Context(leaf, key, null), LinkRefusal.KeyNotP256);
    }

    [Fact]
    public async Task Listener_should_refuse_tls_1_2()
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        await Refuses(key.Context, LinkRefusal.TlsVersion, SslProtocols.Tls12);
    }

    [Fact]
    public async Task Listener_should_count_bytes_that_are_not_tls()
    {
        await using var server = await Start(LinkRole.Dmz);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        await Eventually(() => server.Refused.Count("test", LinkRefusal.HandshakeFailed) == 1);
    }

    [Fact]
    public async Task Listener_should_end_a_handshake_that_takes_too_long()
    {
        using var key = Ours.Node(LinkRole.Dmz, "server");
        var listener = LinkServerFixture.Listener(LinkRole.Dmz) with { HandshakeTimeout = TimeSpan.FromMilliseconds(50) };
        await using var server = await LinkServerFixture.StartAsync(key, static _ => { }, HttpProtocols.Http2, listener);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]));
        await Eventually(() => server.Refused.Count("test", LinkRefusal.HandshakeFailed) == 1);
    }

    [Fact]
    public async Task Listener_should_close_connections_over_its_bound_and_accept_again_later()
    {
        using var key = Ours.Node(LinkRole.Dmz, "server");
        var listener = LinkServerFixture.Listener(LinkRole.Dmz) with { MaxConnections = 1 };
        await using var server = await LinkServerFixture.StartAsync(key, MapWho, HttpProtocols.Http2, listener);
        using (var first = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Dmz), server.Address))
        {
            await first.GetStringAsync(new Uri("/who", UriKind.Relative));
            using var second = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
            var error = await Assert.ThrowsAsync<HttpRequestException>(() => second.GetStringAsync(new Uri("/who", UriKind.Relative)));
            Assert.NotNull(LinkConnectException.In(error));
            Assert.Equal(1, server.Refused.Count("test", LinkRefusal.Busy));
        }

        using var third = LinkHttpClient.Create(key, LinkServerFixture.Expected(LinkRole.Dmz), server.Address);
        await EventuallyAsync(async () =>
        {
            try
            {
                return await third.GetStringAsync(new Uri("/who", UriKind.Relative)) == "dmz/server";
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    private static async Task RefusesForged(LinkRefusal expected, params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Ours.Forge(key, uris);
        await Refuses(Context(leaf, key, null), expected);
    }

#pragma warning disable CA5359 // The client under test does not care who the server is: what the server thinks of it is the matter.
    private static async Task Refuses(
        SslStreamCertificateContext? client, LinkRefusal expected, SslProtocols protocols = SslProtocols.Tls13)
    {
        await using var server = await Start(LinkRole.Dmz, LinkRole.Zone, LinkRole.Console, LinkRole.Agent);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await using var tls = new SslStream(tcp.GetStream());
        var refused = false;
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ClientCertificateContext = client,
                EnabledSslProtocols = protocols,
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
            await tls.WriteAsync("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
            refused = await tls.ReadAsync(new byte[1]) == 0;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            refused = true;
        }

        Assert.True(refused, "the server answered");
        await Eventually(() => server.Refused.Count("test", expected) == 1);
        foreach (var other in Enum.GetValues<LinkRefusal>())
            Assert.Equal(other == expected ? 1 : 0, server.Refused.Count("test", other));
    }

#pragma warning restore CA5359

    private static SslStreamCertificateContext Context(X509Certificate2 leaf, ECDsa key, X509Certificate2? issuer) =>
        SslStreamCertificateContext.Create(
            leaf.CopyWithPrivateKey(key), issuer is null ? [Ours.Trust.Root] : [issuer, Ours.Trust.Root], offline: true);

    private static Task<LinkServerFixture> Start(params LinkRole[] roles) =>
        LinkServerFixture.StartAsync(Ours.Node(LinkRole.Dmz, "server"), MapWho, roles);

    private static void MapWho(WebApplication app) => app.MapGet("/who", static (HttpContext context) => context.Peer()?.Path);

    private static Task Eventually(Func<bool> condition) => EventuallyAsync(() => Task.FromResult(condition()));

    // The server counts when its connection has ended, which no event of the client tells.
    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience.Limit, "the expected state did not come");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
