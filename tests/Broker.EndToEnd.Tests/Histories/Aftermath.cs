using System.Collections.Concurrent;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Fleets;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.EndToEnd.Tests.Histories;

/// <summary>What a run of the load under faults has led to, gathered when everything runs again: the items of its history.</summary>
/// <param name="api">A gateway.</param>
/// <param name="console">Exports and verifies the ledger.</param>
/// <param name="user">Whose load it was.</param>
/// <param name="record">What was begun.</param>
internal sealed class Aftermath(ApiClient api, Brokerctl console, TestUser user, LoadRecord record)
{
    private const int AtOnce = 16;
    private const int LongPoll = 20;

    private static readonly HashSet<string> Undecided =
        [
            "busy", "zone-unavailable", "outcome-unknown", "timed-out", "owner-unreachable", "stale-fence", "customer-locked", "not-owner",
            "head-unknown", "store-failed", "store-full", "zone-unreachable", "zone-failed",
        ];

    private readonly ConcurrentDictionary<string, HandOffModel> _ended = new();
    private readonly ConcurrentDictionary<string, int> _tries = new();

    /// <summary>How often each state was the end.</summary>
    public string Ends => "ends: " + string.Join(", ", _ended.Values.GroupBy(static m => $"{m.State} {m.UseState} {m.Code}".TrimEnd())
        .OrderByDescending(static g => g.Count()).Select(static g => $"{g.Count()} {g.Key}"));

    /// <summary>Gathers.</summary>
    /// <param name="ledger">The file to export the ledger to.</param>
    /// <param name="opened">Reads how often each content, by its SHA-256, was used by the use of that name.</param>
    public async Task<IReadOnlyList<HistoryItem>> GatherAsync(string ledger, Func<string, IReadOnlyDictionary<string, int>> opened)
    {
        await api.LoginAsync(user);
        await SettleAsync();
        await EndAsync();
        await LaunchAgainAsync();
        var export = await LedgerExport.OfAsync(console, ledger);
        var (outcomes, useOutcomes) = (export.Outcomes, export.UseOutcomes);
        var (first, final) = (opened("record"), opened("final"));
        return [.. record.Items.Select(item =>
        {
            var id = item.Launch.HandOff.ToString();
            var model = _ended.GetValueOrDefault(id);
            return new HistoryItem(item.Name)
            {
                IsPut = item.IsPut,
                Final = item.IsPut ? final.GetValueOrDefault(item.Hash) : null,
                FinalTries = _tries.GetValueOrDefault(item.Name),
                IsAccepted = item.IsAccepted,
                State = model?.State,
                UseState = model?.UseState ?? "",
                Opened = first.GetValueOrDefault(item.Hash),
                HasIntent = export.Intents.ContainsKey(id),
                Outcomes = [.. outcomes[id]],
                UseOutcomes = [.. useOutcomes[id]],
            };
        })];
    }

    /// <summary>How often each content is written down in files of a use, a line with its SHA-256 each time.</summary>
    public static IReadOnlyDictionary<string, int> Read(params IEnumerable<string> files) => files.Where(File.Exists)
        .SelectMany(File.ReadLines).Where(static l => l.Length >= 64).GroupBy(static l => l[..64])
        .ToDictionary(static g => g.Key, static g => g.Count());

    /// <summary>Sends what had no answer again: the same bytes are not done twice.</summary>
    private Task SettleAsync() => InParallelAsync(record.Items.Where(static i => !i.IsPut), async item =>
    {
        var again = await Waiting.ForAsync($"a definite answer to the put of {item.Name}", async () =>
            await api.SendAsync(item.Put, ApiJson.Default.ChangedModel) is var answer && !Undecided.Contains(answer.Code)
                ? (answer, "") : (null, answer.Code));
        // The name is new with each put, so that a conflict too says that it was committed before; what it holds is looked at below.
        item.IsPut = again.Value is not null || again.Code is "already-committed" or "version-conflict";
        // Of one that was signed too long ago nobody was promised anything.
        Assert.True(item.IsPut || again.Code == RequestRefusal.Expired, $"the put of {item.Name} was refused as {again.Code}");
    });

    /// <summary>Waits until every hand-off that the zone knows of has ended.</summary>
    private Task EndAsync() => InParallelAsync(record.Items, async item =>
    {
        var id = item.Launch.HandOff.ToString();
        if (await EndedAsync(id) is { } model)
            _ended[id] = model;
    });

    /// <summary>Each credential that was acknowledged is launched until it arrives.</summary>
    private Task LaunchAgainAsync() => InParallelAsync(record.Items.Where(static i => i.IsPut), async item =>
        await Waiting.UntilAsync($"{item.Name} arrives once more", async () =>
        {
            var call = user.Launch(api, item.Agent, ("final", item.Name));
            var begun = await Waiting.ForAsync($"a definite answer to the launch of {item.Name}", async () =>
                await api.SendAsync(call, ApiJson.Default.HandOffModel, LongPoll) is var answer && !Undecided.Contains(answer.Code)
                    ? (answer, "") : (null, answer.Code));
            if (begun.Value is null)
                throw new InvalidOperationException($"the launch of {item.Name} was refused as {begun.Code}");
            var end = await EndedAsync(call.HandOff.ToString());
            // What was not sent or refused has not been opened; whatever else became of it may have been.
            if (end is not { State: HandOffState.NotSent or HandOffState.Refused })
                _tries.AddOrUpdate(item.Name, 1, static (_, tries) => tries + 1);
            return (end is { State: HandOffState.Acknowledged, UseState: HandOffState.Used }, $"{end?.State} {end?.UseState} {end?.Code}");
        }));

    // Null where the zone knows of no such hand-off.
    private async Task<HandOffModel?> EndedAsync(string id)
    {
        var end = await Waiting.ForAsync($"hand-off {id} ends", async () =>
        {
            var answer = await api.HandOffAsync(id);
            if (answer.Code == "token-needed")
                await api.LoginAsync(user);
            var isEnd = answer is { Value: { } model } ? HandOffs.IsDefinite(model) : answer.Code == "unknown-hand-off";
            return (isEnd ? answer : null, $"{answer.Value?.State} {answer.Value?.UseState} {answer.Code}");
        });
        return end.Value;
    }

    private static Task InParallelAsync(IEnumerable<LoadItem> items, Func<LoadItem, Task> work) => Parallel.ForEachAsync(
        items, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (item, _) => await work(item));
}
