using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// With the customer locked nobody who reads memory has its key: not by looking for what is known of it, and not by trying every
/// window on a row. With the customer unlocked both find it.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class KeyHuntSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public void Schedule_should_be_that_of_the_standard()
    {
        // FIPS 197, A.3: the key, and the first and the last word that follow from it.
        var schedule = AesSchedule.Of(Convert.FromHexString("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));

        Assert.Equal("9ba35411", Convert.ToHexStringLower(schedule[32..36]));
        Assert.Equal("706c631e", Convert.ToHexStringLower(schedule[^4..]));
    }

    [Fact]
    public async Task Memory_should_hold_no_key_of_a_locked_customer()
    {
        var options = new ClusterOptions { Uses = """digest { mode = stdin, command = [ "/usr/bin/sha256sum" ] }""" };
        await using var cluster = await Cluster.StartReadyAsync(certificates, options, "digest");
        await cluster.RunAsync(output, async () =>
        {
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await cluster.Api.LoginAsync(alice);
            var canary = Canary.Make();
            await cluster.PutAsync("password", canary);
            for (var i = 0; i < 10; i++)
                await HandOffs.LaunchAsync(cluster, alice, "digest", "password");
            var secret = await Custody.RebuildAsync(cluster);
            var row = Assert.Single(StoredRows.Of(cluster));
            var hunt = new Hunt(
                CustomerNeedles.Hunted(secret, cluster.Api.Cluster, cluster.Api.Customer, [row.Salt.ToArray()]),
                new WindowAttack(row, canary), cluster, output);

            hunt.Finds("unlocked");
            await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "a hunt");
            hunt.FindsNothing("after a lock");

            Assert.Equal(Brokerctl.Ok, (await ShareAsync(cluster, "carol")).Exit);
            hunt.FindsNothing("with one share of two", thorough: false);
            await cluster.Dmz.KillAsync();
            cluster.StartDmz();
            await cluster.DmzReadyAsync();
            hunt.FindsNothing("after a crash in the middle of an unlock", thorough: false);

            foreach (var custodian in Custody.Acting)
                await ShareAsync(cluster, custodian);
            hunt.Finds("while a lock stands that custodians opened", thorough: false);
            await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "an unlock that was not lifted");
            hunt.FindsNothing("after an unlock that failed", thorough: false);
        });
    }

    [Fact]
    public async Task Memory_should_hold_no_key_of_an_epoch_that_no_row_needs()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            await cluster.EnrolAsync();
            await cluster.PutPolicyAsync("keep");
            var canary = Canary.Make();
            await cluster.PutAsync("password", canary);
            var secret = await Custody.RebuildAsync(cluster);
            var row = Assert.Single(StoredRows.Of(cluster));
            var needles = CustomerNeedles.Hunted(secret, cluster.Api.Cluster, cluster.Api.Customer, [row.Salt.ToArray()]);
            Scan.Found(CustomerNeedles.Secret, Scan.Of(cluster.Dmz, needles));

            var shares = await Rotation.RotateAsync(cluster);

            Scan.Nothing("after a rotation", Scan.Of(cluster.Dmz, needles), Scan.Of(cluster.Zone, needles));
            if (WindowAttack.IsDeep)
                Assert.Empty(new WindowAttack(row, canary).On(cluster.Dmz).Hits);

            // The new shares were made while rows of the old epoch were left: what they still hold of it is not kept.
            await cluster.Dmz.KillAsync();
            cluster.StartDmz();
            await cluster.DmzReadyAsync();
            foreach (var custodian in Custody.Acting)
            {
                await cluster.Console.OkAsync(
                    "customer", "unlock", "acme", "--custodian", custodian, "--share", Rotation.ShareOf(shares, custodian));
            }

            await Eventually.TrueAsync("the old epoch is gone after an unlock", () => Scan.Of(cluster.Dmz, needles).Total == 0);
            Assert.NotEqual(row.Salt.ToArray(), Assert.Single(StoredRows.Of(cluster)).Salt.ToArray());
        });
    }

    private static Task<BrokerctlResult> ShareAsync(Cluster cluster, string custodian) => cluster.Console.RunAsync(
        null, "customer", "unlock", "acme", "--custodian", custodian, "--share", $"{cluster.Shares}/{custodian}.share");

    private sealed record Hunt(NeedleSet Needles, WindowAttack Attack, Cluster Cluster, ITestOutputHelper Output)
    {
        public void Finds(string when, bool thorough = true)
        {
            var exact = Scan.Of(Cluster.Dmz, Needles);
            Output.WriteLine($"{when}: {exact.Total} copies");
            Scan.Found(CustomerNeedles.Secret, exact);
            Scan.Nothing(when, Scan.Of(Cluster.Zone, Needles), Scan.Of(Cluster.Agent, Needles));
            if (!thorough && !WindowAttack.IsDeep)
                return;
            var windows = Attack.On(Cluster.Dmz);
            Output.WriteLine($"{when}: {windows.Hits.Count} of {windows.Tried:N0} windows open the row");
            Assert.NotEmpty(windows.Hits);
        }

        public void FindsNothing(string when, bool thorough = true)
        {
            Scan.Nothing(when, Scan.Of(Cluster.Dmz, Needles), Scan.Of(Cluster.Zone, Needles), Scan.Of(Cluster.Agent, Needles));
            if (!thorough && !WindowAttack.IsDeep)
                return;
            foreach (var process in WindowAttack.IsDeep ? [Cluster.Dmz, Cluster.Zone, Cluster.Agent] : new[] { Cluster.Dmz })
            {
                var windows = Attack.On(process);
                Output.WriteLine($"{when}: none of {windows.Tried:N0} windows of process {process.Id} opens the row");
                Assert.True(windows.Hits.Count == 0, $"{when}: {windows.Hits.Count} windows open the row");
            }
        }
    }
}
