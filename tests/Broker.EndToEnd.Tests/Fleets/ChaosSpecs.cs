using System.Globalization;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Histories;
using Broker.Secrets;
using Broker.TestKit;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>
/// Three DMZ nodes, two zone nodes, three members of etcd and PostgreSQL, each on a machine of its own, with 20 agents and load, under
/// faults: nothing acknowledged is lost, nothing opened twice or without its intent, every request ends, and nobody is asked to unlock
/// while a holder lived. <c>BROKER_CHAOS_FAULTS</c> sets how many faults there are, <c>BROKER_CHAOS_SEED</c> which: the same ones in each
/// run without it, others by <c>random</c>. How long anything takes is written down and decides nothing.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class ChaosSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const int Workers = 4;

    // What is begun is launched once more at the end, one by one.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);

    [SkippableFact]
    public async Task Whatever_befalls_a_fleet_its_promises_should_hold()
    {
        var seed = Environment.GetEnvironmentVariable("BROKER_CHAOS_SEED") == "random" ? NewSeed() : Setting("BROKER_CHAOS_SEED", 1);
        Say($"BROKER_CHAOS_SEED={seed}");
        var begun = TimeProvider.System.GetTimestamp();
        await using var fleet = await Fleet.StartAsync(certificates, new FleetOptions { DmzSettings = "hand-off-timeout = 5s" });
        Say($"the fleet runs after {Seconds(begun)}");
        await fleet.RunAsync(output, () => RunAsync(fleet, new SeededRandom(seed)));
        Say($"all was well after {Seconds(begun)}");
    }

    private async Task RunAsync(Fleet fleet, SeededRandom random)
    {
        using var alice = new TestUser(fleet.Console.Profile, "alice");
        var record = new LoadRecord();
        await fleet.HeldAsync(2);
        await fleet.Apis[0].CustodyAsync();
        var load = new Load(fleet.Apis, fleet.Agents, alice, record, "item") { Pause = Pause };
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(Workers, stop.Token);
        var faults = new List<FaultRecord>();
        try
        {
            await MoreAsync(load, running, 1);
            var choice = new Faults(fleet, random);
            for (var (number, all) = (1, Setting("BROKER_CHAOS_FAULTS", 20)); number <= all; number++)
            {
                var fault = choice.Next();
                try
                {
                    faults.Add(await PassAsync(fleet, load, running, fault, random));
                }
                catch (Exception problem) when (problem is TimeoutException or InvalidOperationException)
                {
                    throw new InvalidOperationException($"fault {number} of {all}, {fault.Kind}: {problem.Message}", problem);
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var begun = TimeProvider.System.GetTimestamp();
        var aftermath = new Aftermath(fleet.Apis[0], fleet.Console, alice, record);
        var items = await aftermath.GatherAsync(
            Path.Combine(fleet.Work, "ledger.audit"),
            use => Aftermath.Read(fleet.Agents.Select(a => Path.Combine(fleet.Opened, $"{a}.{use}"))));
        Say(aftermath.Ends);
        var nodes = await fleet.AtRestAsync();
        Say($"{items.Count} items gathered in {Seconds(begun)}");
        Assert.Empty(HistoryChecker.Check(new History(items, nodes, faults)));
    }

    private async Task<FaultRecord> PassAsync(Fleet fleet, Load load, Task running, Fault fault, SeededRandom random)
    {
        var holders = (await fleet.HeldAsync(2)).Holders;
        var begun = TimeProvider.System.GetTimestamp();
        load.ResetGap();
        await fault.StrikeAsync();
        // The moment is random on purpose: no state of the system is waited for.
        await Task.Delay(TimeSpan.FromMilliseconds(500 + random.Below(2500)), TimeProvider.System);
        await fault.MendAsync();
        await fleet.ReadyAsync();
        var asked = !await fleet.IsServedAsync();
        if (asked)
            await fleet.UnlockAsync();
        await MoreAsync(load, running, 5);
        var left = holders.Count(h => !fault.Loses.Contains(h));
        Say($"{fault.Kind}: over after {Seconds(begun)}, longest gap {load.LongestGap.TotalSeconds:0.0} s, {left} holders left" +
            (asked ? ", unlocked by custodians" : ""));
        return new FaultRecord(fault.Kind, left, asked);
    }

    private static Task MoreAsync(Load load, Task running, int count)
    {
        var until = load.Acknowledged + count;
        return Waiting.UntilAsync($"{count} more hand-offs are acknowledged", async () =>
        {
            // The load has no end of its own: whatever ended it is why.
            if (running.IsCompleted)
                await running;
            return (load.Acknowledged >= until, $"{count - (until - load.Acknowledged)} were; {load.LastRefusal}");
        });
    }

    private void Say(FormattableString what) => Say(what.ToString(CultureInfo.InvariantCulture));

    private void Say(string what) => output.WriteLine(what);

    private static string Seconds(long since) =>
        string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(since).TotalSeconds:0.0} s");

    private static int Setting(string name, int fallback) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;

    private static int NewSeed()
    {
        Span<byte> bytes = stackalloc byte[2];
        SystemRandom.Fill(bytes);
        return BitConverter.ToUInt16(bytes);
    }
}
