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
/// while a holder lives. <c>BROKER_CHAOS_FAULTS</c> sets how many faults there are, <c>BROKER_CHAOS_SEED</c> which: the same ones in each
/// run without it, others by <c>random</c>.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class ChaosSpecs(Certificates certificates, ITestOutputHelper output)
{
    private const int Workers = 4;

    [SkippableFact]
    public async Task Whatever_befalls_a_fleet_its_promises_should_hold()
    {
        Skip.If(Environment.GetEnvironmentVariable("BROKER_CHAOS_FAULTS") is null, "minutes of faults: scripts/test --chaos runs it");
        var seed = Environment.GetEnvironmentVariable("BROKER_CHAOS_SEED") == "random" ? NewSeed() : Setting("BROKER_CHAOS_SEED", 1);
        output.WriteLine($"BROKER_CHAOS_SEED={seed}");
        await using var fleet = await Fleet.StartAsync(certificates, new FleetOptions { DmzSettings = "hand-off-timeout = 5s" });
        await fleet.RunAsync(output, () => RunAsync(fleet, new SeededRandom(seed)));
    }

    private async Task RunAsync(Fleet fleet, SeededRandom random)
    {
        using var alice = new TestUser(fleet.Console.Profile, "alice");
        var record = new LoadRecord();
        await fleet.HeldAsync(2);
        await fleet.Apis[0].CustodyAsync();
        var load = new Load(fleet.Apis, fleet.Agents, alice, record, "item");
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(Workers, stop.Token);
        var faults = new List<FaultRecord>();
        try
        {
            await load.AcknowledgedAsync();
            var choice = new Faults(fleet, random);
            for (var left = Setting("BROKER_CHAOS_FAULTS", 20); left > 0; left--)
                faults.Add(await PassAsync(fleet, load, choice.Next(), random));
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var aftermath = new Aftermath(fleet.Apis[0], fleet.Console, alice, record);
        var items = await aftermath.GatherAsync(
            Path.Combine(fleet.Work, "ledger.audit"),
            use => Aftermath.Read(fleet.Agents.Select(a => Path.Combine(fleet.Opened, $"{a}.{use}"))));
        output.WriteLine(aftermath.Ends);
        var nodes = await fleet.AtRestAsync();
        Assert.Empty(HistoryChecker.Check(new History(items, nodes, faults)));
    }

    private async Task<FaultRecord> PassAsync(Fleet fleet, Load load, Fault fault, SeededRandom random)
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
        await load.MoreAsync();
        var left = holders.Count(h => !fault.Loses.Contains(h));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{fault.Kind}: over after {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s, longest gap " +
            $"{load.LongestGap.TotalSeconds:0.0} s, {left} holders left{(asked ? ", unlocked by custodians" : "")}"));
        return new FaultRecord(fault.Kind, left, asked);
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
