using System.Collections.Concurrent;
using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Histories;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.Secrets;
using Broker.TestKit;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// SIGKILL of each process at random moments under load: no acknowledged credential is lost, every request ends in a definite state, and
/// nothing was opened without its intent in the ledger. <c>BROKER_CRASH_ROUNDS</c> sets how many kills there are,
/// <c>BROKER_CRASH_SECONDS</c> after which time it is a failure that they were not done, <c>BROKER_CRASH_VICTIMS</c> of which
/// (<c>zone,dmz,agent</c>);
/// <c>BROKER_CRASH_SEED</c> repeats a choice of victims and moments.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class CrashSpecs(Certificates certificates, ITestOutputHelper output)
{
    private static readonly HashSet<string> Undecided = ["busy", "zone-unavailable", "outcome-unknown", "timed-out"];

    [Fact]
    public async Task Whatever_is_killed_nothing_acknowledged_should_be_lost_and_every_request_should_end()
    {
        var seed = Setting("BROKER_CRASH_SEED", NewSeed());
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
        await cluster.Api.LoginAsync(alice);
        await SettleAsync(cluster, record);
        var ended = await EndsAsync(cluster, record);
        var final = await LaunchAgainAsync(cluster, alice, record, directory);
        await ConsistentAsync(cluster, record, ended, Read(directory, "record"), final);
    }

    private async Task RoundsAsync(Cluster cluster, TestUser user, LoadRecord record, SeededRandom random)
    {
        var rounds = Setting("BROKER_CRASH_ROUNDS", 100);
        var limit = TimeSpan.FromSeconds(Setting("BROKER_CRASH_SECONDS", 600));
        var victims = (Environment.GetEnvironmentVariable("BROKER_CRASH_VICTIMS") ?? "zone,dmz,agent").Split(',');
        var kills = new KillRounds(cluster, user, record, random, output);
        await kills.RunAsync(rounds, limit, victims);
        Assert.Equal(rounds, kills.Done);
        Assert.True(kills.Acknowledging >= rounds * 3 / 4, $"a hand-off was acknowledged in only {kills.Acknowledging} of {rounds} rounds");
    }

    /// <summary>Sends what had no answer again: the same bytes are not done twice.</summary>
    private static async Task SettleAsync(Cluster cluster, LoadRecord record)
    {
        await InParallelAsync(record.Items.Where(static i => !i.IsPut), async item =>
        {
            var again = await Eventually.GetAsync($"a definite answer to the put of {item.Name}", async () =>
                await cluster.Api.SendAsync(item.Put, ApiJson.Default.ChangedModel) is var answer && !Undecided.Contains(answer.Code)
                    ? answer : null);
            // The name is new with each put, so that a conflict too says that it was committed before; what it holds is looked at below.
            item.IsPut = again.Value is not null || again.Code is "already-committed" or "version-conflict";
            Assert.True(item.IsPut, $"the put of {item.Name} was refused as {again.Code}");
        });
    }

    /// <summary>Waits until every hand-off that the zone knows of has ended.</summary>
    private static async Task<Dictionary<string, HandOffModel>> EndsAsync(Cluster cluster, LoadRecord record)
    {
        var ended = new ConcurrentDictionary<string, HandOffModel>();
        await InParallelAsync(record.Items, async item =>
        {
            var id = item.Launch.HandOff.ToString();
            var first = await cluster.Api.HandOffAsync(id);
            if (first.Code == "unknown-hand-off")
                Assert.False(item.IsAccepted, $"hand-off {id} was accepted and is not known");
            else
                ended[id] = await HandOffs.EndedAsync(cluster, id);
        });
        return new Dictionary<string, HandOffModel>(ended);
    }

    /// <summary>Each credential that was acknowledged is launched once more, and is to arrive as it was put.</summary>
    private static async Task<Dictionary<string, int>> LaunchAgainAsync(
        Cluster cluster, TestUser user, LoadRecord record, string directory)
    {
        await InParallelAsync(record.Items.Where(static i => i.IsPut), async item =>
        {
            var launched = await HandOffs.LaunchAsync(cluster, user, "final", item.Name);
            Assert.Equal((HandOffState.Acknowledged, ""), (launched.State, launched.Code));
            Assert.Equal(HandOffState.Used, (await HandOffs.EndedAsync(cluster, launched.HandOff)).UseState);
        });
        return Read(directory, "final");
    }

    private async Task ConsistentAsync(
        Cluster cluster, LoadRecord record, Dictionary<string, HandOffModel> ended, Dictionary<string, int> opened,
        Dictionary<string, int> final)
    {
        var ledger = await LedgerExport.OfAsync(cluster);
        var (outcomes, useOutcomes) = (ledger.Outcomes, ledger.UseOutcomes);
        var items = record.Items.Select(item =>
        {
            var id = item.Launch.HandOff.ToString();
            var model = ended.GetValueOrDefault(id);
            return new HistoryItem(item.Name)
            {
                IsPut = item.IsPut,
                Final = item.IsPut ? final.GetValueOrDefault(item.Hash) : null,
                IsAccepted = item.IsAccepted,
                State = model?.State,
                UseState = model?.UseState ?? "",
                Opened = opened.GetValueOrDefault(item.Hash),
                HasIntent = ledger.Intents.ContainsKey(id),
                Outcomes = [.. outcomes[id]],
                UseOutcomes = [.. useOutcomes[id]],
            };
        });
        Assert.Empty(HistoryChecker.Check(new History([.. items], [], [])));

        output.WriteLine("ends: " + string.Join(", ", ended.Values.GroupBy(static m => $"{m.State} {m.UseState} {m.Code}".TrimEnd())
            .OrderByDescending(static g => g.Count()).Select(static g => $"{g.Count()} {g.Key}")));
        Assert.Contains(ended.Values, static m => m.State == HandOffState.Acknowledged);
    }

    /// <summary>How often each content was written down.</summary>
    private static Dictionary<string, int> Read(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        return File.Exists(path)
            ? File.ReadLines(path).Where(static l => l.Length >= 64).GroupBy(static l => l[..64]).ToDictionary(
                static g => g.Key, static g => g.Count())
            : [];
    }

    private static Task InParallelAsync(IEnumerable<LoadItem> items, Func<LoadItem, Task> work) => Parallel.ForEachAsync(
        items, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (item, _) => await work(item));

    private static int Setting(string name, int fallback) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

    private static int NewSeed()
    {
        Span<byte> bytes = stackalloc byte[2];
        SystemRandom.Fill(bytes);
        return BitConverter.ToUInt16(bytes);
    }
}
