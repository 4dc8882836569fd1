using System.Globalization;
using System.Text;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>After a credential was used, and after whatever can go wrong, no process of the broker and no disk has a copy of it.</summary>
[Collection(Certificates.Collection)]
public sealed class ResidueSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const string CanaryName = "canary";
    private const string Marker = "marker";

    private static readonly ClusterOptions Options = new()
    {
        DmzSettings = "hand-off-timeout = 2 minutes",
        Uses = """
            keep { mode = hold }
            digest { mode = stdin, command = [ "/usr/bin/sha256sum" ], at-most = 512 }
            fails { mode = stdin, command = [ "/bin/false" ] }
            """,
    };

    [Fact]
    public async Task Nothing_should_be_left_of_a_credential_after_its_uses_and_after_every_failure()
    {
        await using var cluster = await Cluster.StartReadyAsync(certificates, Options, "keep", "digest", "fails", "not-configured");
        await cluster.RunAsync(output, async () =>
        {
            var canary = Canary.Make();
            var needles = new NeedleSet([new Needle(CanaryName, canary), new Needle(Marker, "aws-canary-credential"u8)]);
            var secret = new NeedleSet([new Needle(CanaryName, canary)]);
            using var alice = new TestUser(cluster.Console.Profile, "alice");

            await PutAsync(cluster, needles, Canary.Within(canary));
            await cluster.Api.LoginAsync(alice);
            var (atRest, agentAtRest) = await RestingAsync(cluster);
            await ManyAsync(cluster, alice);
            Scan.Nothing("after 320 concurrent hand-offs", All(cluster, secret));
            await Eventually.TrueAsync("the node's locked memory is at rest", async () => await cluster.Api.SecretBytesAsync() <= atRest);
            await Eventually.TrueAsync("the agent's locked memory is at rest", () => AgentBytes(cluster) <= agentAtRest);
            await HeldAsync(cluster, alice, secret);
            await FailuresAsync(cluster, alice, secret);
            Disk(cluster, canary, secret);
            Assert.Equal(0, await cluster.Agent.StopAsync());
            Assert.Contains("stopped; 0 bytes of secrets are left", cluster.Agent.Log, StringComparison.Ordinal);
        });
    }

    private static async Task PutAsync(Cluster cluster, NeedleSet needles, byte[] content)
    {
        var put = await cluster.Console.PausedAtExitAsync(
            content,
            pid =>
            {
                var report = Scan.Of(pid, needles);
                Scan.Found(Marker, report);
                Assert.True(report.CountOf(CanaryName) == 0, "brokerctl kept the credential until its exit");
            },
            "credential", "put", "aws-canary-credential", "--customer", "acme", "--kind", "configuration-file", "--policy", "web");
        Assert.Equal(Brokerctl.Ok, put.Exit);
    }

    private static async Task ManyAsync(Cluster cluster, TestUser user)
    {
        const int count = 320;
        var launched = await Task.WhenAll(
            Enumerable.Range(0, count).Select(_ => HandOffs.LaunchAsync(cluster, user, "digest", "aws-canary-credential")));
        Assert.All(launched, static l => Assert.Equal((HandOffState.Acknowledged, ""), (l.State, l.Code)));
        foreach (var one in launched)
            Assert.Equal(HandOffState.Used, (await HandOffs.EndedAsync(cluster, user, one.HandOff)).UseState);
    }

    private static async Task HeldAsync(Cluster cluster, TestUser user, NeedleSet needles)
    {
        var held = await HandOffs.LaunchAsync(cluster, user, "keep", "aws-canary-credential");
        Assert.Equal(HandOffState.Acknowledged, held.State);
        Scan.Found(CanaryName, Scan.Of(cluster.Agent, needles));
        Scan.Nothing("while the agent holds it", Scan.Of(cluster.Zone, needles), Scan.Of(cluster.Dmz, needles));
        var release = user.Release(cluster.Api, "web-1", held.HandOff);
        _ = (await Eventually.DecidedAsync(() => cluster.Api.SendAsync(release, ApiJson.Default.HandOffModel))).Ok;
        Assert.Equal(HandOffState.Used, (await HandOffs.EndedAsync(cluster, user, held.HandOff)).UseState);
        Scan.Nothing("after the agent was told to let go", All(cluster, needles));
    }

    private static async Task FailuresAsync(Cluster cluster, TestUser user, NeedleSet needles)
    {
        var api = cluster.Api;
        var forbidden = await HandOffs.LaunchAsync(cluster, user, "no-such-use", "aws-canary-credential");
        Assert.Equal((HandOffState.Refused, "policy-forbids"), (forbidden.State, forbidden.Code));
        Assert.Equal(HandOffState.Refused, (await HandOffs.LaunchAsync(cluster, user, "not-configured", "aws-canary-credential")).State);
        Scan.Nothing("after a refused use", All(cluster, needles));

        var unknown = await api.SendAsync(user.Launch(api, "web-9", ("keep", "aws-canary-credential")), ApiJson.Default.HandOffModel, 20);
        Assert.NotEqual(HandOffState.Acknowledged, unknown.Value?.State);
        Scan.Nothing("after a launch to an unknown agent", All(cluster, needles));

        var failed = await HandOffs.LaunchAsync(cluster, user, "fails", "aws-canary-credential");
        Assert.Equal(HandOffState.UseFailed, (await HandOffs.EndedAsync(cluster, user, failed.HandOff)).UseState);
        Scan.Nothing("after a use that failed", All(cluster, needles));

        await AgentKilledAsync(cluster, user, needles);
        var withoutCustomer = await DmzKilledAsync(cluster, user, needles);
        await LockedAsync(cluster, user, needles);
        await Eventually.TrueAsync("nothing of the customer is left in the node's locked memory",
            async () => await cluster.Api.SecretBytesAsync() == withoutCustomer);
    }

    private static async Task AgentKilledAsync(Cluster cluster, TestUser user, NeedleSet needles)
    {
        var cut = await InFlightAsync(cluster, user);
        await cluster.Agent.KillAsync();
        Scan.Nothing("with the agent killed in a hand-off", Scan.Of(cluster.Zone, needles), Scan.Of(cluster.Dmz, needles));
        await cluster.StartAgentAsync();
        // Never seen by the agent that runs now, so it may have been sealed once more; either way it has an end.
        Assert.True(HandOffs.IsDefinite(await HandOffs.EndedAsync(cluster, user, cut)));
        Scan.Nothing("after the agent was killed", All(cluster, needles));
    }

    private static async Task<long> DmzKilledAsync(Cluster cluster, TestUser user, NeedleSet needles)
    {
        var cut = await InFlightAsync(cluster, user);
        var logged = cluster.Agent.Log.Length;
        await cluster.Dmz.KillAsync();
        _ = Signals.Send(cluster.Agent.Id, Signals.Continue);
        cluster.StartDmz();
        await cluster.DmzReadyAsync();
        var withoutCustomer = await cluster.Api.RestingBytesAsync();
        await Custody.UnlockAsync(cluster);
        await cluster.SessionAsync(logged);
        await cluster.Api.LoginAsync(user);
        Assert.True(HandOffs.IsDefinite(await HandOffs.EndedAsync(cluster, user, cut)));
        Scan.Nothing("after the DMZ node was killed", All(cluster, needles));
        return withoutCustomer;
    }

    private static async Task LockedAsync(Cluster cluster, TestUser user, NeedleSet needles)
    {
        await InFlightAsync(cluster, user);
        await cluster.Console.OkAsync("customer", "lock", "acme", "--reason", "a test");
        Scan.Nothing("after a lock in the middle of a hand-off", Scan.Of(cluster.Dmz, needles), Scan.Of(cluster.Zone, needles));
        // The envelope had left: the agent may open and use it, and then has nothing either.
        _ = Signals.Send(cluster.Agent.Id, Signals.Continue);
        await Eventually.TrueAsync("the agent has nothing", () => Scan.Of(cluster.Agent, needles).Total == 0);
        var refused = await cluster.Api.SendAsync(
            user.Launch(cluster.Api, "web-1", ("keep", "aws-canary-credential")), ApiJson.Default.HandOffModel);
        Assert.Null(refused.Value);
    }

    /// <summary>Launches while the agent is stopped, so that the envelope is on its way when this returns.</summary>
    private static async Task<string> InFlightAsync(Cluster cluster, TestUser user)
    {
        _ = Signals.Send(cluster.Agent.Id, Signals.Stop);
        await Eventually.TrueAsync("the agent is stopped", () => Signals.IsStopped(cluster.Agent.Id));
        var call = user.Launch(cluster.Api, "web-1", ("digest", "aws-canary-credential"));
        return (await Eventually.DecidedAsync(() => cluster.Api.SendAsync(call, ApiJson.Default.HandOffModel))).Ok.HandOff;
    }

    private static void Disk(Cluster cluster, byte[] canary, NeedleSet needles)
    {
        var report = FileScan.Run([cluster.Work, cluster.Volatile], needles);
        Scan.Nothing("on disk and tmpfs", report);
        Assert.True(report.BytesScanned > 100_000);

        var control = cluster.InTemporary("control");
        File.WriteAllText(control, Convert.ToBase64String(Canary.Within(canary)), Encoding.ASCII);
        Assert.Equal(1, FileScan.Run([cluster.Work], needles).Total);
        File.Delete(control);
    }

    /// <summary>Live bytes of the locked memory of the node and of the agent, with the agent's session, when they stay the same.</summary>
    private static async Task<(long Node, long Agent)> RestingAsync(Cluster cluster)
    {
        (long, long)? last = null;
        await Eventually.TrueAsync("the locked memory of the node and of the agent stays the same", async () =>
        {
            var now = (await cluster.Api.RestingBytesAsync(), AgentBytes(cluster));
            var isSame = now == last && AgentStatus(cluster, "session") == "live";
            last = now;
            return isSame;
        });
        return last!.Value;
    }

    /// <summary>Live bytes of the agent's locked memory, as its status says.</summary>
    private static long AgentBytes(Cluster cluster) => long.Parse(AgentStatus(cluster, "secret-bytes"), CultureInfo.InvariantCulture);

    private static string AgentStatus(Cluster cluster, string name) => File.ReadLines(Path.Combine(cluster.AgentState, "status"))
        .Single(l => l.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];

    private static IEnumerable<ScanReport> All(Cluster cluster, NeedleSet needles) =>
        [Scan.Of(cluster.Zone, needles), Scan.Of(cluster.Dmz, needles), Scan.Of(cluster.Agent, needles)];
}
