using System.Diagnostics;
using System.Text;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>A node with a token unlocks by itself after it was killed, and does not while a lock stands; as real processes.</summary>
[Collection(Certificates.Collection)]
public sealed class TokenUnlockSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const string Pin = "4711-0815";

    private static string? Module { get; } = new[]
    {
        Environment.GetEnvironmentVariable("BROKER_SOFTHSM"), "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    }.FirstOrDefault(File.Exists);

    [SkippableFact]
    public async Task A_node_that_was_killed_should_unlock_by_its_token_unless_a_lock_stands()
    {
        Skip.If(Module is null || !HasTool("softhsm2-util"), "SoftHSM is not on this machine: apt-get install softhsm2");
        var directory = Directory.CreateTempSubdirectory("broker-e2e-hsm.");
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", Path.Combine(directory.FullName, "softhsm2.conf"));
        try
        {
            await MakeTokenAsync(directory.FullName);
            await using var cluster = await Cluster.StartAsync(certificates, new ClusterOptions
            {
                DmzSettings = $$"""
                    custody { look-every = 1s, hsm.vault {
                      module = "{{Module}}", token = custody, key-label = vault, pin-file = "{{directory.FullName}}/pin" } }
                    """,
            });
            await cluster.RunAsync(output, () => PathAsync(cluster, directory.FullName));
        }
        finally
        {
            Environment.SetEnvironmentVariable("SOFTHSM2_CONF", null);
            directory.Delete(recursive: true);
        }
    }

    private static async Task PathAsync(Cluster cluster, string directory)
    {
        var (console, launches) = (cluster.Console, new Launching(cluster));
        await EnrolAsync(cluster, directory);
        await cluster.PutPolicyAsync("keep");
        await cluster.EnrolAgentAsync();
        await cluster.PutAsync("door", "correct horse battery staple"u8.ToArray());
        await launches.LaunchAsync("--use", "keep=door");

        var logged = cluster.Agent.Log.Length;
        await cluster.Dmz.KillAsync();
        cluster.StartDmz();
        await cluster.DmzReadyAsync();
        await UntilAsync(console, "unlocked");
        await cluster.SessionAsync(logged);
        await launches.LaunchAsync("--use", "keep=door");
        await console.OkAsync("customer", "verify-custody", "acme", "--hsm-way", "vault");
        await console.OkAsync(
            "customer", "verify-custody", "acme", "--wrap", $"{cluster.Shares}/safe.wrap", "--key",
            $"{directory}/keys/ways/safe.key");

        await console.OkAsync("customer", "lock", "acme", "--reason", "test");
        await cluster.Dmz.KillAsync();
        cluster.StartDmz();
        await cluster.DmzReadyAsync();
        await Eventually.TrueAsync("the node has seen its token", async () =>
            (await console.RunAsync(null, "health")).Out.Contains("\"name\":\"custody-vault\",\"good\":true", StringComparison.Ordinal));
        Assert.Equal("locked", await StateAsync(console));
        Assert.Equal(Brokerctl.Locked, (await console.RunAsync(null, "customer", "unlock", "acme", "--hsm-way", "vault")).Exit);
        Assert.Equal("lift-needed", await StateAsync(console));
        await console.OkAsync("customer", "lift", "acme", "--reason", "test");
        await UntilAsync(console, "unlocked");
        await console.OkAsync("audit", "verify", "--customer", "acme");
        Assert.Contains("custody-event", (await console.OkAsync("audit", "show", "--customer", "acme")).Out, StringComparison.Ordinal);
    }

    private static async Task EnrolAsync(Cluster cluster, string directory)
    {
        var console = cluster.Console;
        await Eventually.TrueAsync("the node has seen its token", async () =>
            (await console.RunAsync(null, "health")).Out.Contains("\"name\":\"custody-vault\",\"good\":true", StringComparison.Ordinal));
        string[] custodians =
            [.. Certificates.Custodians.SelectMany(c => new[] { "--custodian", $"{c}={console.Profile}/custodians/{c}.pub" })];
        await console.OkAsync([
            "customer", "enrol", "acme", "--threshold", "2", .. custodians, "--key-way", $"safe={directory}/keys/ways/safe.pub",
            "--hsm-way", "vault", "--administrator", $"alice={console.Profile}/users/alice.pub", "--shares-directory", cluster.Shares]);
        foreach (var custodian in Certificates.Custodians)
            await console.ConfirmAsync("acme", "--custodian", custodian, "--share", $"{cluster.Shares}/{custodian}.share");
        await console.ConfirmAsync(
            "acme", "--wrap", $"{cluster.Shares}/safe.wrap", "--key", $"{directory}/keys/ways/safe.key");
    }

    private static async Task<string> StateAsync(Brokerctl console) =>
        (await console.OkAsync("customer", "status", "acme")).Json.GetProperty("state").GetString()!;

    private static Task UntilAsync(Brokerctl console, string state) =>
        Eventually.TrueAsync($"the customer is {state}", async () => await StateAsync(console) == state);

    private static async Task MakeTokenAsync(string directory)
    {
        Directory.CreateDirectory(Path.Combine(directory, "tokens"));
        await File.WriteAllTextAsync(
            Path.Combine(directory, "softhsm2.conf"),
            $"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
        using var tool = Process.Start(new ProcessStartInfo(
            "softhsm2-util", ["--init-token", "--free", "--label", "custody", "--so-pin", "12345678", "--pin", Pin])
        {
            RedirectStandardOutput = true,
        })!;
        await tool.WaitForExitAsync();
        Assert.Equal(0, tool.ExitCode);
        var pin = Path.Combine(directory, "pin");
        await File.WriteAllBytesAsync(pin, Encoding.ASCII.GetBytes(Pin));
        File.SetUnixFileMode(pin, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var keys = new Brokerctl(Path.Combine(directory, "keys"));
        await keys.OkAsync("key", "new", "way", "--name", "safe");
        await keys.OkAsync(
            "key", "new", "way", "--name", "vault", "--pkcs11-module", Module!, "--token", "custody", "--key-label",
            "vault", "--pin-file", pin);
    }

    private static bool HasTool(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));
}
