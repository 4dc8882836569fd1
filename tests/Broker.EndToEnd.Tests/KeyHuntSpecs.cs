using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Broker.Protocol.Directory;
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
            await cluster.PutAsync("password", Canary.Make());
            await cluster.PutAsync("another", Canary.Make());
            for (var i = 0; i < 10; i++)
                await HandOffs.LaunchAsync(cluster, alice, "digest", "password");
            var hunt = await Hunt.BeginAsync(cluster, 2, output);

            hunt.Finds("unlocked");
            await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "a hunt");
            hunt.FindsNothing("after a lock");

            await cluster.Console.OkAsync(["customer", "unlock", "acme", .. cluster.Share("carol")]);
            hunt.FindsNothing("with one share of two", thorough: false);
            await cluster.Dmz.KillAsync();
            cluster.StartDmz();
            await cluster.DmzReadyAsync();
            hunt.FindsNothing("after a crash in the middle of an unlock", thorough: false);

            await cluster.Console.UnlockAsync("acme", [.. Custody.Acting.Select(c => cluster.Share(c))]);
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
            await cluster.PutAsync("password", Canary.Make());
            var hunt = await Hunt.BeginAsync(cluster, 1, output);
            hunt.Finds("before a rotation", thorough: false);

            var shares = await Rotation.RotateAsync(cluster);
            // The rotation has ended when the zone says so; the node wipes when it has that answer.
            await Eventually.TrueAsync("the old epoch is gone after a rotation", () => Scan.Of(cluster.Dmz, hunt.Needles).Total == 0);
            hunt.FindsNothing("after a rotation", thorough: false);

            // The new shares were made while rows of the old epoch were left: what they still hold of it is not kept.
            await cluster.Dmz.KillAsync();
            cluster.StartDmz();
            await cluster.DmzReadyAsync();
            var unlocked = await cluster.Console.UnlockAsync(
                "acme", [.. Custody.Acting.Select(c => new[] { "--custodian", c, "--share", Rotation.ShareOf(shares, c) })]);
            Assert.True(unlocked.Exit == Brokerctl.Ok, unlocked.ToString());
            await Eventually.TrueAsync("the old epoch is gone after an unlock", () => Scan.Of(cluster.Dmz, hunt.Needles).Total == 0);
            hunt.FindsNothing("after an unlock of the epoch that followed", thorough: false);
            var rows = await StoredRows.OfAsync(cluster);
            Assert.DoesNotContain(rows, row => hunt.Rows.Any(old => old.Salt.Span.SequenceEqual(row.Salt.Span)));
        });
    }

    /// <summary>What is hunted: the secret and the rows of a customer as they are when the hunt begins.</summary>
    private sealed record Hunt(NeedleSet Needles, IReadOnlyList<StoredRow> Rows, WindowAttack Attack, Cluster Cluster)
    {
        private IEnumerable<BrokerProcess> Processes => new[] { Cluster.Dmz, Cluster.Zone, Cluster.Agent }.OfType<BrokerProcess>();

        public static async Task<Hunt> BeginAsync(Cluster cluster, int credentials, ITestOutputHelper output)
        {
            var secret = await Custody.RebuildAsync(cluster);
            var rows = await StoredRows.OfAsync(cluster);
            Assert.Equal(credentials, rows.Count);
            var needles = CustomerNeedles.Hunted(
                secret, cluster.Api.Cluster, cluster.Api.Customer, rows.Select(static r => r.Salt.ToArray()));
            return new Hunt(
                needles, rows, new WindowAttack([.. rows.Select(r => (r, CustomerNeedles.Open(secret, r)))], output), cluster);
        }

        public void Finds(string when, bool thorough = true)
        {
            Scan.Found(CustomerNeedles.Secret, Scan.Of(Cluster.Dmz, Needles));
            Scan.Nothing(when, [.. Processes.Where(p => p != Cluster.Dmz).Select(p => Scan.Of(p, Needles))]);
            if (thorough || WindowAttack.IsDeep)
                Assert.NotEqual(0, Attack.On(Cluster.Dmz, when));
        }

        public void FindsNothing(string when, bool thorough = true)
        {
            Scan.Nothing(when, [.. Processes.Select(p => Scan.Of(p, Needles))]);
            if (!thorough && !WindowAttack.IsDeep)
                return;
            foreach (var process in WindowAttack.IsDeep ? Processes : [Cluster.Dmz])
                Assert.True(Attack.On(process, when) == 0, $"{when}: a window of {process.Name} opens a row");
        }
    }
}
