using System.Text;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// A credential is rotated as people do it, by brokerctl and real processes: the next version is put, tried, promoted, and comes to the
/// agent that holds the one before, which is then nowhere in its memory.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class CredentialRotationSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const string First = "first";
    private const string Second = "second";

    private static string Uses(string directory) => $$"""
        keep { mode = hold }
        serve { mode = file, on-rotate = restart, rotate-settle = 300ms
          command = [ "/bin/sh", "-c", "cat $0 >> {{directory}}/served; trap 'exit 0' TERM; while :; do sleep 0.1; done", "{file:conf}" ] }
        """;

    [Fact]
    public async Task A_promoted_version_should_take_the_place_of_the_one_that_an_agent_holds()
    {
        var served = Directory.CreateTempSubdirectory("broker-e2e-served.");
        try
        {
            var options = new ClusterOptions { Uses = Uses(served.FullName) };
            await using var cluster = await Cluster.StartReadyAsync(certificates, options, "keep", "serve");
            await cluster.RunAsync(output, () => RotateAsync(cluster, Path.Combine(served.FullName, "served")));
        }
        finally
        {
            served.Delete(recursive: true);
        }
    }

    private static async Task RotateAsync(Cluster cluster, string served)
    {
        var (console, launches) = (cluster.Console, new Launching(cluster));
        var (old, next) = (Canary.Make(), Canary.Make());
        var needles = new NeedleSet([new Needle(First, old), new Needle(Second, next)]);
        foreach (var (name, kind) in new[] { ("key", "opaque"), ("conf", "configuration-file") })
            await console.OkAsync(
                name == "key" ? old : "one\n"u8.ToArray(), "credential", "put", name, "-c", "acme", "--kind", kind, "--policy", "web");
        var held = await launches.LaunchAsync("--use", "keep=key");
        var running = await launches.LaunchAsync("--use", "serve=conf");
        await Eventually.TrueAsync("the program has the first version", () => Versions(served) is ["one"]);
        Scan.Found(First, Scan.Of(cluster.Agent, needles));

        await console.OkAsync(next, "credential", "put", "key", "-c", "acme", "--kind", "opaque", "--stage");
        await console.OkAsync(
            "two\n"u8.ToArray(), "credential", "put", "conf", "-c", "acme", "--kind", "configuration-file", "--stage");
        var pending = await console.RunAsync(
            null, "launch", "-c", "acme", "--agent", "web-1", "--use", "keep=key@2", "--wait", "60");
        Assert.NotEqual(Brokerctl.Ok, pending.Exit);
        Assert.Contains("version-pending", pending.Error, StringComparison.Ordinal);
        await console.OkAsync("credential", "stage", "key", "-c", "acme");
        await console.OkAsync("credential", "stage", "conf", "-c", "acme");
        var tried = await launches.LaunchAsync("--use", "keep=key@staged");
        await console.OkAsync("hand-off", "release", tried, "-c", "acme", "--agent", "web-1");

        await console.OkAsync("credential", "promote", "key", "-c", "acme", "--hand-over");
        await console.OkAsync("credential", "promote", "conf", "-c", "acme", "--hand-over");
        await ReplacedAsync(console, held);
        await ReplacedAsync(console, running);
        // It counts as settled when it has run for so long, which on a slow machine is before it has read its file.
        await Eventually.TrueAsync("the program has the second version", () => Versions(served) is ["one", "two"]);
        var scanned = Scan.Of(cluster.Agent, needles);
        Scan.Found(Second, scanned);
        Assert.Equal(0, scanned.CountOf(First));

        await Eventually.TrueAsync("the hand-over has ended", async () =>
            !(await console.OkAsync("credential", "show", "key", "-c", "acme")).Json.TryGetProperty("handOver", out var order) ||
            order.ValueKind == System.Text.Json.JsonValueKind.Null);
        var retired = await console.RunAsync(
            null, "launch", "-c", "acme", "--agent", "web-1", "--use", "keep=key@1", "--wait", "60");
        Assert.Contains("version-retired", retired.Error, StringComparison.Ordinal);
        await console.OkAsync("credential", "delete-version", "key", "--version", "1", "-c", "acme");

        var file = cluster.InTemporary("rotated.audit");
        await console.OkAsync("audit", "export", "-c", "acme", "--file", file);
        var report = (await console.OkAsync("audit", "verify", "-c", "acme", "--file", file)).Json;
        // And the two by which the next versions were handed over; one that was not sent is followed by another.
        Assert.True(report.GetProperty("handOffs").GetInt32() >= launches.HandOffs + 2, report.ToString());
    }

    // Told by the agent when it has wiped what was replaced.
    private static Task ReplacedAsync(Brokerctl console, string handOff) => Eventually.TrueAsync(
        $"hand-off {handOff} is replaced", async () =>
        {
            var shown = (await console.OkAsync("hand-off", "show", handOff, "-c", "acme")).Json;
            return (shown.GetProperty("useState").GetString(), shown.GetProperty("code").GetString()) == ("used", "replaced");
        });

    // In the order in which the program first got them; a launch that was repeated gave it one twice.
    private static string[] Versions(string file) => File.Exists(file) ? [.. File.ReadAllLines(file, Encoding.UTF8).Distinct()] : [];
}
