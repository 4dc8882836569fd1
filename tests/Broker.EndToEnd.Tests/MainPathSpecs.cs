using System.Security.Cryptography;
using System.Text;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>A credential goes in once and is used by an agent, as real processes, driven by brokerctl as people drive it.</summary>
[Collection(Certificates.Collection)]
public sealed class MainPathSpecs(Certificates certificates, ITestOutputHelper output)
{
    private static string Uses(string directory) => $$"""
        keep { mode = hold }
        to-stdin { mode = stdin, command = [ "/bin/sh", "-c", "cat > {{directory}}/stdin" ] }
        to-file { mode = file
          command = [ "/bin/sh", "-c", "ls -lL $0 > {{directory}}/mode; cat $0 > {{directory}}/file", "{file:service-conf}" ] }
        """;

    [Fact]
    public async Task A_credential_should_go_in_once_and_be_used_until_the_customer_is_locked()
    {
        var delivered = Directory.CreateTempSubdirectory("broker-e2e-delivered.");
        await using var cluster = await Cluster.StartAsync(certificates, new ClusterOptions { Uses = Uses(delivered.FullName) });
        try
        {
            await cluster.RunAsync(output, () => PathAsync(cluster, delivered.FullName));
        }
        finally
        {
            delivered.Delete(recursive: true);
        }
    }

    private static async Task PathAsync(Cluster cluster, string delivered)
    {
        var console = cluster.Console;
        await cluster.EnrolAsync();
        Assert.Equal("unlocked", (await console.OkAsync("customer", "status", "acme")).Json.GetProperty("state").GetString());
        await console.OkAsync(
            "user", "put", "olga", "--customer", "acme", "--role", "operator", "--key", $"{console.Profile}/users/olga.pub");
        await cluster.PutPolicyAsync("keep", "to-stdin", "to-file");

        var password = Encoding.UTF8.GetBytes("correct horse battery staple");
        var configuration = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("line of a whole configuration file\n", 3000)));
        await console.OkAsync(password, "credential", "put", "password", "--customer", "acme", "--kind", "password", "--policy", "web");
        await console.OkAsync(
            configuration, "credential", "put", "service-conf", "--customer", "acme", "--kind", "configuration-file", "--policy", "web");
        Assert.Equal(2, (await console.OkAsync("credential", "list", "--customer", "acme")).Json.GetProperty("items").GetArrayLength());

        await cluster.EnrolAgentAsync();
        var launches = new Launching(cluster);
        var launched = await launches.LaunchAsync("--user", "olga", "--use", "to-stdin=password", "--use", "to-file=service-conf");
        await UseEndedAsync(console, launched, "used");
        Assert.Equal(password, await File.ReadAllBytesAsync($"{delivered}/stdin"));
        Assert.Equal(SHA256.HashData(configuration), SHA256.HashData(await File.ReadAllBytesAsync($"{delivered}/file")));
        Assert.StartsWith("-rw-------", await File.ReadAllTextAsync($"{delivered}/mode"), StringComparison.Ordinal);

        var held = await launches.LaunchAsync("--user", "olga", "--use", "keep=password");
        await console.OkAsync("--user", "olga", "hand-off", "release", held, "--customer", "acme", "--agent", "web-1");
        await UseEndedAsync(console, held, "used");

        await VerifyAsync(cluster, "before", launches.HandOffs);
        await LockAndUnlockAsync(cluster, launches);
        await VerifyAsync(cluster, "after", launches.HandOffs);
    }

    private static async Task LockAndUnlockAsync(Cluster cluster, Launching launches)
    {
        var console = cluster.Console;
        string[] launch =
            ["--user", "olga", "launch", "--customer", "acme", "--agent", "web-1", "--use", "to-stdin=password", "--wait", "60"];
        await console.OkAsync("customer", "lock", "acme", "--reason", "a test");
        var refused = await console.RunAsync(null, launch);
        Assert.Equal(Brokerctl.Locked, refused.Exit);

        // The lock is sticky: shares alone do not lift it.
        var second = await console.UnlockAsync("acme", cluster.Share("carol"), cluster.Share("erin"));
        Assert.Equal(Brokerctl.Locked, second.Exit);
        Assert.Contains("lift-needed", second.Error, StringComparison.Ordinal);
        Assert.Equal(Brokerctl.Locked, (await console.RunAsync(null, launch)).Exit);
        var logged = cluster.Agent.Log.Length;
        await console.OkAsync("customer", "lift", "acme", "--reason", "the test goes on");
        Assert.Equal("unlocked", (await console.OkAsync("customer", "status", "acme")).Json.GetProperty("state").GetString());

        await cluster.SessionAsync(logged);
        await launches.LaunchAsync("--user", "olga", "--use", "to-stdin=password");
    }

    private static async Task VerifyAsync(Cluster cluster, string name, int handOffs)
    {
        var file = cluster.InTemporary(name + ".audit");
        await cluster.Console.OkAsync("audit", "export", "--customer", "acme", "--file", file);
        var report = (await cluster.Console.OkAsync("audit", "verify", "--customer", "acme", "--file", file)).Json;
        Assert.Equal(handOffs, report.GetProperty("handOffs").GetInt32());
        Assert.True(report.GetProperty("identityPinned").GetBoolean());

        // And one that cannot pass: a line fewer.
        var lines = await File.ReadAllLinesAsync(file);
        var cut = cluster.InTemporary(name + ".cut");
        await File.WriteAllLinesAsync(cut, [.. lines[..^3], .. lines[^2..]]);
        Assert.Equal(Brokerctl.VerificationFailed,
            (await cluster.Console.RunAsync(null, "audit", "verify", "--customer", "acme", "--file", cut)).Exit);
    }

    private static async Task UseEndedAsync(Brokerctl console, string handOff, string expected)
    {
        var state = await Eventually.GetAsync("the use ends", async () =>
            (await console.OkAsync("hand-off", "show", handOff, "--customer", "acme")).Json.GetProperty("useState")
                .GetString() is { Length: > 0 } s ? s : null);
        Assert.Equal(expected, state);
    }
}
