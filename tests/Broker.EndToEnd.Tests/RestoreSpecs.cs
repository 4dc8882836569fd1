using System.Diagnostics;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>A backup of a zone that runs, restored by command, accepted by custodians, and told by both verifiers of the trail.</summary>
[Collection(Certificates.Collection)]
public sealed class RestoreSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task A_restored_zone_should_be_accepted_by_custodians_and_the_trail_should_say_so()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            await cluster.EnrolAsync();
            await cluster.PutPolicyAsync("keep");
            await cluster.PutAsync("first", Canary.Make());
            await cluster.Console.OkAsync("audit", "verify", "--customer", "acme");
            var backup = cluster.InTemporary("backup.db");
            var made = await ZoneAsync(cluster, "backup", "--to", backup);
            Assert.True(made.Exit == 0, made.Said);
            Assert.Contains("not opened 1 rows of 1 customers", made.Said, StringComparison.Ordinal);
            await BackupOpensAsync(cluster, backup + ".manifest");
            await cluster.PutAsync("second", Canary.Make());

            var refused = await ZoneAsync(cluster, "restore", "--from", backup, "--replace");
            Assert.True(refused.Exit == 3 && refused.Said.Contains("stop the other one", StringComparison.Ordinal), refused.Said);
            Assert.Equal(0, await cluster.Zone.StopAsync());
            var restored = await ZoneAsync(cluster, "restore", "--from", backup, "--replace");
            Assert.True(restored.Exit == 0, restored.Said);
            Assert.Contains("acme  head 3", restored.Said, StringComparison.Ordinal);
            cluster.StartZone();
            await cluster.Dmz.KillAsync();
            cluster.StartDmz();
            await cluster.DmzReadyAsync();

            var behind = await UnlockAsync(cluster);
            Assert.Contains("head-rolled-back", behind.Error, StringComparison.Ordinal);
            var accepted = await UnlockAsync(cluster, "--accept-head", "3");
            Assert.True(accepted.Exit == Brokerctl.Ok, accepted.ToString());

            await cluster.PutAsync("third", Canary.Make());
            var shown = await cluster.Console.OkAsync("audit", "show", "--customer", "acme");
            Assert.Contains("accepted head 3 (head-rolled-back)", shown.Out, StringComparison.Ordinal);
            var export = cluster.InTemporary("acme.audit");
            await cluster.Console.OkAsync("audit", "export", "--customer", "acme", "--file", export);
            var verified = await cluster.Console.OkAsync("audit", "verify", "--file", export, "--root", $"{cluster.Ca}/root.crt");
            var restoration = Assert.Single(verified.Json.GetProperty("restorations").EnumerateArray());
            Assert.Equal((3, 4, 5), (restoration.GetProperty("accepted").GetInt32(), restoration.GetProperty("seen").GetInt32(),
                restoration.GetProperty("next").GetInt32()));
            var whole = await ZoneAsync(cluster, "verify");
            Assert.True(whole.Exit == 0, whole.Said);
        });
    }

    /// <summary>The key's owner opens a row of the backup; of an altered manifest it opens none.</summary>
    private static async Task BackupOpensAsync(Cluster cluster, string manifest)
    {
        var opened = await cluster.Console.OkAsync("backup", "verify", "--manifest", manifest);
        Assert.Equal((1, 1, 0), (opened.Json.GetProperty("customers").GetInt32(), opened.Json.GetProperty("opened").GetInt32(),
            opened.Json.GetProperty("locked").GetArrayLength()));
        var lines = await File.ReadAllLinesAsync(manifest);
        Assert.EndsWith(" 1", lines[0], StringComparison.Ordinal);
        var altered = cluster.InTemporary("altered.manifest");
        var proof = Convert.FromBase64String(lines[1].Split(' ')[1]);
        proof[^1] ^= 1;
        foreach (var (text, code) in new[]
        {
            (lines[..1], "manifest-cut"), ([$"{lines[0][..^2]} 2", lines[1]], "manifest-cut"),
            ([lines[0], $"acme {Convert.ToBase64String(proof)}"], "backup-row-not-under-head"),
        })
        {
            await File.WriteAllLinesAsync(altered, text);
            var refused = await cluster.Console.RunAsync(null, "backup", "verify", "--manifest", altered);
            Assert.True(refused.Exit == 7 && refused.Error.Contains(code, StringComparison.Ordinal), $"{code}: {refused}");
        }
    }

    private static Task<BrokerctlResult> UnlockAsync(Cluster cluster, params string[] options) =>
        cluster.Console.UnlockAsync("acme", cluster.Share("carol", options), cluster.Share("dave", options));

    private static async Task<(int Exit, string Said)> ZoneAsync(Cluster cluster, params string[] arguments)
    {
        var info = new ProcessStartInfo(Executables.Zone, [.. arguments, "--config", Path.Combine(cluster.Work, "zone.conf")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(info)!;
        var (said, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await said + await errors);
    }
}
