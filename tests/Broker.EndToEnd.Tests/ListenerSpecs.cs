using System.Net.Security;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Links;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>Who may connect where: every certificate in the wrong place is refused, with a code of its own in the node's log.</summary>
[Collection(Certificates.Collection)]
public sealed class ListenerSpecs(Certificates certificates, ITestOutputHelper output)
{
    // A node's line comes to this process a moment after the connection ended.
    private static readonly TimeSpan LogPause = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Certificates_in_the_wrong_place_should_be_refused_with_their_own_code()
    {
        await using var cluster = await Cluster.StartReadyAsync(certificates, new ClusterOptions(), "keep");
        await cluster.RunAsync(output, async () =>
        {
            var (zone, dmz) = (Own(cluster, "zone-1"), Own(cluster, "dmz-1"));
            var (console, ledger) = (Own(cluster, "console-1"), Own(cluster, "ledger-1"));
            var agent = RawTls.Identity(cluster.AgentState, "agent", $"{cluster.Ca}/root.crt");

            await CheckAsync(cluster, cluster.Zone, "zone", cluster.ZonePort, dmz, Foreign(cluster, "dmz-1"), [zone, console, agent]);
            await CheckAsync(
                cluster, cluster.Dmz, "console", cluster.ConsolePort, console, Foreign(cluster, "console-1"), [zone, dmz, agent]);
            await CheckAsync(
                cluster, cluster.Dmz, "agents", cluster.AgentsPort, agent, Foreign(cluster, "console-1"), [zone, dmz, console]);

            // What signs the ledger, and what issues agents' certificates, never opens a link.
            foreach (var port in new[] { cluster.ZonePort, cluster.ConsolePort, cluster.AgentsPort })
                Assert.False(await RawTls.IsLetInAsync(port, ledger));
        });
    }

    [Fact]
    public async Task Consoles_should_refuse_servers_that_are_not_this_installations_gateway()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            // A zone node with a good certificate is no gateway.
            var astray = new Brokerctl(Path.Combine(cluster.Work, "astray"));
            await cluster.MakeProfileAsync(astray, cluster.ZonePort);
            await RefusedAsync(astray, "wrong-role");

            var foreign = new Brokerctl(Path.Combine(cluster.Work, "foreign-profile"));
            await foreign.OkAsync(
                "init", "--root", $"{cluster.ForeignCa}/root.crt", "--certificate", $"{cluster.ForeignCa}/console-1.crt",
                "--key", $"{cluster.ForeignCa}/console-1.key", "--gateway", $"https://127.0.0.1:{cluster.ConsolePort}", "--user", "alice");
            await RefusedAsync(foreign, "foreign-authority");
        });
    }

    [Fact]
    public async Task A_console_without_the_attribute_should_not_enrol_a_customer()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            var plain = new Brokerctl(Path.Combine(cluster.Work, "plain"));
            await cluster.MakeProfileAsync(plain, name: "console-2");
            var keys = $"{plain.Profile}/custodians";
            var refused = await plain.RunAsync(
                null, "customer", "enrol", "acme", "--threshold", "2", "--one-way-only", "--custodian", $"carol={keys}/carol.pub",
                "--custodian", $"dave={keys}/dave.pub", "--administrator", $"alice={plain.Profile}/users/alice.pub");
            Assert.Equal(Brokerctl.Refused, refused.Exit);
            Assert.Contains("plan-refused", refused.Error, StringComparison.Ordinal);
        });
    }

    private static async Task CheckAsync(
        Cluster cluster, BrokerProcess node, string listener, int port, SslStreamCertificateContext right,
        SslStreamCertificateContext foreign, SslStreamCertificateContext[] wrong)
    {
        await Eventually.TrueAsync($"{listener} lets in whom it is for", () => RawTls.IsLetInAsync(port, right));
        await RefusedAsync("wrong-role", wrong);
        await RefusedAsync("foreign-authority", [foreign]);
        await RefusedAsync("no-certificate", [null]);
        await RefusedAsync("tls-version", [right], oldTls: true);
        Assert.False(cluster.Zone.HasExited || cluster.Dmz.HasExited);

        // Again until its line is there: a handshake that stood still for too long is refused with a code of its own.
        Task RefusedAsync(string code, SslStreamCertificateContext?[] identities, bool oldTls = false) =>
            Eventually.TrueAsync($"{listener} refuses a connection as {code}", async () =>
            {
                foreach (var identity in identities)
                {
                    Assert.False(
                        await RawTls.IsLetInAsync(port, identity, oldTls), $"{listener} let in {identity?.TargetCertificate.Subject}");
                }

                await Task.Delay(LogPause, TimeProvider.System);
                return node.Log.Contains($"listener \"{listener}\" refused a connection: \"{code}\"", StringComparison.Ordinal);
            });
    }

    private static async Task RefusedAsync(Brokerctl console, string code)
    {
        var refused = await console.RunAsync(null, "customer", "list");
        Assert.Equal(Brokerctl.VerificationFailed, refused.Exit);
        Assert.Contains(code, refused.Error, StringComparison.Ordinal);
    }

    private static SslStreamCertificateContext Own(Cluster cluster, string name) =>
        RawTls.Identity(cluster.Ca, name, $"{cluster.Ca}/root.crt");

    private static SslStreamCertificateContext Foreign(Cluster cluster, string name) =>
        RawTls.Identity(cluster.ForeignCa, name, $"{cluster.ForeignCa}/root.crt");
}
