using System.Collections.Concurrent;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;

namespace Broker.EndToEnd.Tests.Failover;

/// <summary>
/// A worker for each agent that launches one credential for it, as consoles behind a load balancer do: at each gateway in turn, and after a
/// failure at the next one. What failed or has no end yet is left as it is: another launch is another hand-off.
/// </summary>
/// <param name="gateways">Where the workers send, in turn.</param>
/// <param name="agents">For whom they launch.</param>
/// <param name="user">Who asks.</param>
/// <param name="credential">What is launched, for the use <c>keep</c>.</param>
internal sealed class HandOffLoad(IReadOnlyList<ApiClient> gateways, IReadOnlyList<string> agents, TestUser user, string credential)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<Acknowledgement> _acknowledged = new();
    private readonly ConcurrentQueue<(long At, string Code)> _failed = new();
    private readonly ConcurrentQueue<(long At, TimeSpan Late)> _late = new();
    private int _turn;

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.WhenAll(agents.Select(a => Task.Run(() => WorkAsync(a, stop), CancellationToken.None)));

    /// <summary>Waits until every agent has acknowledged a hand-off that was launched from now on.</summary>
    public async Task EveryAgentAsync()
    {
        var from = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync("every agent acknowledges a hand-off", () => ServedSince(from).Count == agents.Count);
    }

    /// <summary>Waits until every agent has acknowledged so many hand-offs since the load began.</summary>
    /// <param name="times">How many.</param>
    public Task EveryAgentAsync(int times) => Eventually.TrueAsync(
        $"every agent acknowledges {times} hand-offs",
        () => _acknowledged.GroupBy(static a => a.Agent).Count(g => g.Count() >= times) == agents.Count);

    /// <summary>What came after a moment, until now.</summary>
    /// <param name="from">The moment.</param>
    public Window Since(long from)
    {
        var all = _acknowledged.Select(static a => a.At).Order().ToList();
        var now = TimeProvider.System.GetTimestamp();
        var (longest, last) = (TimeSpan.Zero, all.LastOrDefault(a => a <= from, from));
        foreach (var at in all.Where(a => a > from).Append(now))
        {
            var gap = TimeProvider.System.GetElapsedTime(last, at);
            (longest, last) = (gap > longest ? gap : longest, at);
        }

        var served = ServedSince(from);
        var failed = _failed.Where(f => f.At > from).GroupBy(static f => f.Code).ToDictionary(static g => g.Key, static g => g.Count());
        var every = served.Count < agents.Count ? (TimeSpan?)null : TimeProvider.System.GetElapsedTime(from, served.Values.Max());
        var late = _late.Where(l => l.At > from).Select(static l => l.Late).DefaultIfEmpty().Max();
        return new Window(longest, every, all.Count(a => a > from), failed, late);
    }

    // When each agent that acknowledged a hand-off launched after a moment did so first.
    private Dictionary<string, long> ServedSince(long from) => _acknowledged.Where(a => a.Launched > from)
        .GroupBy(static a => a.Agent).ToDictionary(static g => g.Key, static g => g.Min(static a => a.At));

    private async Task WorkAsync(string agent, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var launched = TimeProvider.System.GetTimestamp();
            var code = await LaunchAsync(agent);
            var now = TimeProvider.System.GetTimestamp();
            if (code.Length == 0)
                _acknowledged.Enqueue(new Acknowledgement(agent, launched, now));
            else
                _failed.Enqueue((now, code));
            var pause = code.Length == 0 ? Pause : PauseAfterFailure;
            await Task.Delay(pause, TimeProvider.System, CancellationToken.None);
            _late.Enqueue((TimeProvider.System.GetTimestamp(), TimeProvider.System.GetElapsedTime(now) - pause));
        }
    }

    /// <summary>Empty where it was acknowledged, else what was said instead.</summary>
    private async Task<string> LaunchAsync(string agent)
    {
        try
        {
            var gateway = gateways[(Interlocked.Increment(ref _turn) & int.MaxValue) % gateways.Count];
            var answer = await gateway.SendAsync(user.Launch(gateways[0], agent, ("keep", credential)), ApiJson.Default.HandOffModel, 1);
            return answer.Value is not { } model ? answer.Code : model.State == HandOffState.Acknowledged ? "" : model.State;
        }
        catch (Exception problem) when (Crashes.Load.IsLost(problem))
        {
            return "no-answer";
        }
    }

    private sealed record Acknowledgement(string Agent, long Launched, long At);
}

/// <summary>What a load saw after a moment.</summary>
/// <param name="LongestGap">Between two acknowledged hand-offs, from the last one before the moment on.</param>
/// <param name="EveryAgent">Until each agent had acknowledged one that was launched after the moment; null where one has not.</param>
/// <param name="Acknowledged">How many were.</param>
/// <param name="Failed">Launches that were not, by what was said instead.</param>
/// <param name="Late">How much longer than it meant to a worker paused: that much of a gap may be the load's own.</param>
internal sealed record Window(
    TimeSpan LongestGap, TimeSpan? EveryAgent, int Acknowledged, IReadOnlyDictionary<string, int> Failed, TimeSpan Late);
