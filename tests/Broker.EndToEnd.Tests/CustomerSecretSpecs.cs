using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Broker.Secrets;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// A customer's secret is in the locked memory of the DMZ node that holds it while the customer is unlocked, and nowhere else.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class CustomerSecretSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task The_secret_and_its_keys_should_be_gone_after_a_lock()
    {
        var options = new ClusterOptions { Uses = """digest { mode = stdin, command = [ "/usr/bin/sha256sum" ] }""" };
        await using var cluster = await Cluster.StartReadyAsync(certificates, options, "digest");
        await cluster.RunAsync(output, async () =>
        {
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await cluster.Api.LoginAsync(alice);
            var canary = Canary.Make();
            await cluster.PutAsync("password", canary);
            for (var i = 0; i < 20; i++)
                await HandOffs.LaunchAsync(cluster, alice, "digest", "password");
            var secret = await Custody.RebuildAsync(cluster);
            var row = Assert.Single(await StoredRows.OfAsync(cluster));
            Assert.Equal(canary, CustomerNeedles.Open(secret, row));
            var needles = CustomerNeedles.Of(secret, cluster.Api.Cluster, cluster.Api.Customer, [row.Salt.ToArray()]);

            Held(cluster, needles);
            var held = await cluster.Api.RestingBytesAsync();
            await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "a test");
            Scan.Nothing("after a lock", Scan.Of(cluster.Dmz, needles), Scan.Of(cluster.Zone, needles), Scan.Of(cluster.Agent, needles));
            var locked = await cluster.Api.RestingBytesAsync();
            Assert.InRange(locked, 1, held - 1);

            foreach (var custodian in Custody.Acting)
                await UnlockAsync(cluster, custodian);
            await cluster.Console.OkAsync("customer", "lift", "acme");
            Held(cluster, needles);
            await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "a test again");
            Scan.Nothing("after a second lock", Scan.Of(cluster.Dmz, needles));
            await Eventually.TrueAsync(
                "the node's locked memory is as after the first lock", async () => await cluster.Api.SecretBytesAsync() == locked);
            Scan.Nothing("on disk", FileScan.Run([cluster.Work, cluster.Volatile], needles));
        });
    }

    /// <summary>A custodian's brokerctl keeps neither the share nor the custodian's key until its exit.</summary>
    private static async Task UnlockAsync(Cluster cluster, string custodian)
    {
        var keyFile = $"{cluster.Console.Profile}/custodians/{custodian}.key";
        using var pem = SecretBuffer.CopyOf(await File.ReadAllBytesAsync(keyFile));
        using var scalar = P256Pem.ReadScalar(pem);
        var (_, share) = await Custody.ShareAsync(cluster, custodian);
        var needles = new NeedleSet([
            new Needle("share", share), new Needle("custodian-key", scalar.Span),
            new Needle("custodian-key-reversed", scalar.Span.ToArray().AsEnumerable().Reverse().ToArray())]);
        await cluster.Console.PausedAtExitAsync(
            null, pid => Scan.Nothing("brokerctl at its exit", Scan.Of(pid, needles)),
            "customer", "unlock", "acme", "--custodian", custodian, "--share", $"{cluster.Shares}/{custodian}.share");
    }

    private static void Held(Cluster cluster, NeedleSet needles)
    {
        var dmz = Scan.Of(cluster.Dmz, needles);
        foreach (var needle in new[] { CustomerNeedles.Secret, CustomerNeedles.Identity, CustomerNeedles.Intake })
            Scan.Found(needle, dmz);
        Assert.Equal(0, dmz.CountOf(CustomerNeedles.RowKey + "-0"));
        Scan.Nothing("while the customer is unlocked", Scan.Of(cluster.Zone, needles), Scan.Of(cluster.Agent, needles));
    }
}
