using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.TestKit;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Crashes;

/// <summary>Kills one process after the other, each at a random moment of the load that runs all the while.</summary>
internal sealed class KillRounds(Cluster cluster, TestUser user, LoadRecord record, SeededRandom random, ITestOutputHelper output)
{
    private const int Workers = 4;
    private const int ProgressEvery = 10;

    private readonly Dictionary<string, (int Kills, double Seconds)> _victims = [];

    /// <summary>Kills so far.</summary>
    public int Done { get; private set; }

    /// <summary>Rounds in which a hand-off was acknowledged: the kill fell into work that gets done.</summary>
    public int Acknowledging { get; private set; }

    /// <summary>Goes on until all rounds are done or the time is up.</summary>
    public async Task RunAsync(int rounds, TimeSpan limit, IReadOnlyList<string> victims)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (Done < rounds && TimeProvider.System.GetElapsedTime(begun) < limit)
        {
            await RoundAsync(victims[random.Below(victims.Count)]);
            if (Done % ProgressEvery == 0 || Done == rounds)
                output.WriteLine(Progress(rounds, TimeProvider.System.GetElapsedTime(begun)));
        }
    }

    private async Task RoundAsync(string victim)
    {
        using var stop = new CancellationTokenSource();
        var load = new Load([cluster.Api], ["web-1"], user, record, $"r{Done}");
        var running = load.RunAsync(Workers, stop.Token);
        try
        {
            // Most kills fall into running work, some into what a process does just after another came back.
            if (Done % 5 > 0)
                await load.AcknowledgedAsync();
            // The moment is random on purpose: no state of the system is waited for.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Below(200)), TimeProvider.System);
            var killed = TimeProvider.System.GetTimestamp();
            await KillAsync(victim);
            var (kills, seconds) = _victims.GetValueOrDefault(victim);
            _victims[victim] = (kills + 1, seconds + TimeProvider.System.GetElapsedTime(killed).TotalSeconds);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        Done++;
        Acknowledging += load.Acknowledged > 0 ? 1 : 0;
    }

    private async Task KillAsync(string victim)
    {
        switch (victim)
        {
            case "zone":
                await cluster.Zone.KillAsync();
                cluster.StartZone();
                await cluster.ZoneReachedAsync();
                break;
            case "dmz":
                await cluster.RestartDmzAsync();
                break;
            default:
                await cluster.Agent.KillAsync();
                await cluster.StartAgentAsync();
                break;
        }
    }

    private string Progress(int rounds, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture,
        $"{Done} of {rounds} kills in {elapsed.TotalSeconds:F0} s " +
        $"({string.Join(", ", _victims.OrderBy(static v => v.Key).Select(Describe))}); " +
        $"{record.Items.Count} credentials, {record.Items.Count(static i => i.IsPut)} acknowledged; " +
        $"{record.Items.Count(static i => i.IsAccepted)} launches accepted; {Acknowledging} rounds with an acknowledged hand-off");

    private static string Describe(KeyValuePair<string, (int Kills, double Seconds)> victim) => string.Create(
        CultureInfo.InvariantCulture, $"{victim.Value.Kills} {victim.Key}, back after {victim.Value.Seconds / victim.Value.Kills:F2} s");
}
