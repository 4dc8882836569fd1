using System.Text.Json;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// The data directories of zone, DMZ node and agent hold no key, no share, no wrap and no plaintext, whatever a customer goes through.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class DiskSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task Data_directories_should_hold_no_key_share_wrap_or_plaintext_before_and_after_a_full_cycle()
    {
        var options = new ClusterOptions { Uses = """digest { mode = stdin, command = [ "/usr/bin/sha256sum" ] }""" };
        await using var cluster = await Cluster.StartReadyAsync(certificates, options, "digest");
        await cluster.RunAsync(output, async () =>
        {
            var canary = Canary.Make();
            await cluster.PutAsync("password", canary);
            var secret = await Custody.RebuildAsync(cluster);
            var row = Assert.Single(await StoredRows.OfAsync(cluster));
            var keys = CustomerNeedles.Of(secret, cluster.Api.Cluster, cluster.Api.Customer, [row.Salt.ToArray()]);
            var needles = new List<Needle> { new("plaintext", canary), new("secret", secret) };
            foreach (var custodian in Custody.Acting)
            {
                needles.Add(new($"share of {custodian}", (await Custody.ShareAsync(cluster, custodian)).Share));
                needles.Add(new($"sealed share of {custodian}", Sealed($"{cluster.Shares}/{custodian}.share", "sealed")));
            }

            Nothing(cluster, "before", keys, new NeedleSet(needles));
            using var alice = new TestUser(cluster.Console.Profile, "alice");
            await cluster.Api.LoginAsync(alice);
            await HandOffs.LaunchAsync(cluster, alice, "digest", "password");
            var folder = cluster.InTemporary("keys");
            await new Brokerctl(folder).OkAsync("key", "new", "way", "--name", "safe");
            var made = await Rotation.RotateAsync(cluster, folder);
            needles.Add(new("wrap", Sealed(Rotation.FileOf(made, "safe.wrap"), "wrap")));
            foreach (var custodian in Custody.Acting)
                needles.Add(new($"new sealed share of {custodian}", Sealed(Rotation.ShareOf(made, custodian), "sealed")));
            await cluster.Dmz.KillAsync();
            cluster.StartDmz();
            await cluster.DmzReadyAsync();
            await cluster.Console.OkAsync(
                "customer", "unlock", "acme", "--wrap", Rotation.FileOf(made, "safe.wrap"), "--key", $"{folder}/ways/safe.key");
            await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "the end of a cycle");

            Nothing(cluster, "after", keys, new NeedleSet(needles));
            Control(cluster, needles);
        });
    }

    private static string[] Data(Cluster cluster) => [$"{cluster.Work}/zone", cluster.Witnesses, cluster.Volatile];

    private static void Nothing(Cluster cluster, string when, params NeedleSet[] sets)
    {
        foreach (var set in sets)
        {
            var report = FileScan.Run(Data(cluster), set);
            Scan.Nothing(when, report);
            Assert.True(report.BytesScanned > 50_000, $"only {report.BytesScanned} bytes were scanned");
        }
    }

    /// <summary>Each of them is found where it is.</summary>
    private static void Control(Cluster cluster, List<Needle> needles)
    {
        var control = $"{cluster.Work}/zone/control";
        File.WriteAllBytes(control, [.. needles.SelectMany(static n => n.Bytes.ToArray())]);
        var report = FileScan.Run(Data(cluster), new NeedleSet(needles));
        Assert.All(needles, n => Scan.Found(n.Name, report));
        File.Delete(control);
    }

    // From its middle: its beginning is a key that is public, and stands in no data directory either, but is no secret.
    private static byte[] Sealed(string file, string member)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        var bytes = json.RootElement.GetProperty(member).GetBytesFromBase64();
        return bytes[^64..];
    }
}
