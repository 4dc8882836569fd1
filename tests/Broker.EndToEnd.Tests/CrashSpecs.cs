using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Histories;
using Broker.Protocol.Ledger;
using Broker.Secrets;
using Broker.TestKit;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// SIGKILL of each process at random moments under load: no acknowledged credential is lost, every request ends in a definite state, and
/// nothing was opened without its intent in the ledger. <c>BROKER_CRASH_ROUNDS</c> sets how many kills there are,
/// <c>BROKER_CRASH_SECONDS</c> after which time it is a failure that they were not done, <c>BROKER_CRASH_VICTIMS</c> of which
/// (<c>zone,dmz,agent</c>); <c>BROKER_CRASH_SEED</c> which and at what moments: the same ones in each run without it, others by
/// <c>random</c>.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class CrashSpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_is_killed_nothing_acknowledged_should_be_lost_and_every_request_should_end()
    {
        var seed = Environment.GetEnvironmentVariable("BROKER_CRASH_SEED") == "random" ? NewSeed() : Setting("BROKER_CRASH_SEED", 1);
        var directory = Directory.CreateTempSubdirectory("broker-e2e-record.");
        var options = new ClusterOptions
        {
            DmzSettings = "hand-off-timeout = 3s",
            AgentSettings = "session { reconnect-from = 20ms, reconnect-to = 100ms }",
            Uses = $$"""
                record { mode = stdin, at-most = 512, environment { PATH = "/usr/bin:/bin" }
                  command = [ "/bin/sh", "-c", "h=$(sha256sum) && echo \"$h\" >> {{directory.FullName}}/record" ] }
                final { mode = stdin, at-most = 512, environment { PATH = "/usr/bin:/bin" }
                  command = [ "/bin/sh", "-c", "h=$(sha256sum) && echo \"$h\" >> {{directory.FullName}}/final" ] }
                """,
        };
        try
        {
            await using var cluster = await Cluster.StartReadyAsync(certificates, options, "record", "final");
            output.WriteLine($"BROKER_CRASH_SEED={seed}");
            await cluster.RunAsync(output, () => RunAsync(cluster, directory.FullName, new SeededRandom(seed)));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task RunAsync(Cluster cluster, string directory, SeededRandom random)
    {
        using var alice = new TestUser(cluster.Console.Profile, "alice");
        var record = new LoadRecord();
        await cluster.Api.CustodyAsync();
        await RoundsAsync(cluster, alice, record, random);
        var aftermath = new Aftermath(cluster.Api, cluster.Console, alice, record);
        var items = await aftermath.GatherAsync(
            cluster.InTemporary("ledger.audit"), use => Aftermath.Read(Path.Combine(directory, use)));
        output.WriteLine(aftermath.Ends);
        Assert.Empty(HistoryChecker.Check(new History(items, [], [])));
        Assert.Contains(items, static i => i.State == HandOffState.Acknowledged);
    }

    private async Task RoundsAsync(Cluster cluster, TestUser user, LoadRecord record, SeededRandom random)
    {
        var rounds = Setting("BROKER_CRASH_ROUNDS", 100);
        var limit = TimeSpan.FromSeconds(Setting("BROKER_CRASH_SECONDS", 2400));
        var victims = (Environment.GetEnvironmentVariable("BROKER_CRASH_VICTIMS") ?? "zone,dmz,agent").Split(',');
        var kills = new KillRounds(cluster, user, record, random, output);
        await kills.RunAsync(rounds, limit, victims);
        Assert.Equal(rounds, kills.Done);
        Assert.True(kills.Acknowledging >= rounds * 3 / 4, $"a hand-off was acknowledged in only {kills.Acknowledging} of {rounds} rounds");
    }

    private static int Setting(string name, int fallback) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

    private static int NewSeed()
    {
        Span<byte> bytes = stackalloc byte[2];
        SystemRandom.Fill(bytes);
        return BitConverter.ToUInt16(bytes);
    }
}
