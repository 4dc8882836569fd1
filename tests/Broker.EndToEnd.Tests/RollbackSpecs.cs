using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>A zone that was set back is refused by whoever saw more; custodians, and nobody else, accept it.</summary>
[Collection(Certificates.Collection)]
public sealed class RollbackSpecs(Certificates certificates, ITestOutputHelper output)
{
    private static readonly string[] Acting = ["carol", "dave"];

    [Fact]
    public async Task A_rolled_back_zone_should_be_refused_until_custodians_accept_its_head()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            await cluster.EnrolAsync();
            await cluster.PutPolicyAsync("keep");
            await cluster.PutAsync("first", Canary.Make());
            Assert.Equal(0, await cluster.Zone.StopAsync());
            using (var copy = await DatabaseCopy.OfAsync(cluster, cluster.InTemporary("before")))
            {
                cluster.StartZone();
                await cluster.ZoneReachedAsync();
                await cluster.PutAsync("second", Canary.Make());
                Assert.Equal(2, await CredentialsAsync(cluster));
                await cluster.Zone.KillAsync();
                copy.Restore(cluster);
            }

            cluster.StartZone();
            await RestartDmzAsync(cluster);

            // This node's witness and this console both saw the head after the second put.
            var refused = await UnlockAsync(cluster, cluster.Console);
            Assert.Equal(Brokerctl.Refused, refused.Exit);
            Assert.Contains("head-rolled-back", refused.Error, StringComparison.Ordinal);

            // One custodian's word is not enough.
            await RestartDmzAsync(cluster);
            var half = await cluster.Console.UnlockAsync("acme", cluster.Share("carol", "--accept-head", "3"), cluster.Share("dave"));
            Assert.NotEqual(Brokerctl.Ok, half.Exit);
            Assert.Equal("locked", await StateAsync(cluster));

            await RestartDmzAsync(cluster);
            var accepted = await UnlockAsync(cluster, cluster.Console, "--accept-head", "3");
            Assert.True(accepted.Exit == Brokerctl.Ok, accepted.ToString());
            Assert.Equal("unlocked", await StateAsync(cluster));
        });
    }

    [Fact]
    public async Task A_zone_whose_freshness_nobody_witnesses_should_wait_for_custodians()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            await cluster.EnrolAsync();
            await cluster.PutPolicyAsync("keep");
            var identity = (await cluster.Console.OkAsync("audit", "verify", "--customer", "acme")).Json.GetProperty("identity")
                .GetString()!;
            await cluster.Dmz.KillAsync();
            Directory.Delete(cluster.Witnesses, recursive: true);
            Directory.CreateDirectory(cluster.Witnesses);
            cluster.StartDmz();
            await cluster.DmzReadyAsync();

            // A console that has seen no head: it is told the identity, and witnesses nothing.
            var other = new Brokerctl(Path.Combine(cluster.Work, "other-profile"));
            await cluster.MakeProfileAsync(other);
            var waits = await UnlockAsync(cluster, other, "--identity", identity);
            Assert.Equal(Brokerctl.Locked, waits.Exit);
            Assert.Contains("freshness-unproven", waits.Error, StringComparison.Ordinal);
            Assert.NotEqual("unlocked", await StateAsync(cluster));

            var accepted = await UnlockAsync(cluster, other, "--accept-head", "2");
            Assert.True(accepted.Exit == Brokerctl.Ok, accepted.ToString());
            Assert.Equal("unlocked", await StateAsync(cluster));
        });
    }

    private static Task<BrokerctlResult> UnlockAsync(Cluster cluster, Brokerctl console, params string[] options) =>
        console.UnlockAsync("acme", [.. Acting.Select(c => cluster.Share(c, options))]);

    private static async Task RestartDmzAsync(Cluster cluster)
    {
        await cluster.Dmz.KillAsync();
        cluster.StartDmz();
        await cluster.DmzReadyAsync();
    }

    private static async Task<string> StateAsync(Cluster cluster) =>
        (await cluster.Console.OkAsync("customer", "status", "acme")).Json.GetProperty("state").GetString()!;

    private static async Task<int> CredentialsAsync(Cluster cluster) =>
        (await cluster.Console.OkAsync("credential", "list", "--customer", "acme")).Json.GetProperty("items").GetArrayLength();
}
