using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace Broker.Simulation.Tests;

/// <summary>Many schedules of many seeds; each keeps the invariants at every turn, and comes to its end.</summary>
public sealed class ExplorerSpecs(ITestOutputHelper output)
{
    private const int Usual = 100_000;

    // Schedules at which something was wrong once.
    private static readonly string[] Found =
    [
        // Enrolled, and the node that enrolled does not know it.
        "504:Wipe@25(35947),KillZone@61(61667),EndUse@137(11094),Launch@255(23263),StartZone@255(61667),KillZone@323(60106)," +
            "SpoilLink@397(23324),StartZone@480(60106)",
        "680:Wipe@54(48982),EndUse@171(27245),SpoilCommit@361(12629),Launch@364(22449)",

        // Released before the ledger's key was known, and never ended.
        "1641:UnlockOther@4(20131),SpoilLink@71(14027),SpoilLink@83(21106),EndUse@95(54574),Launch@143(45922),Launch@181(22149)," +
            "SlowDisk@203(61504),Launch@270(35857)",

        // Sealed again after a recovery whose last answer was late.
        "5718:UnlockOther@118(63832),SpoilLink@238(1197),SpoilLink@269(48484),Launch@307(37943)",

        // An attempt was barred, its successor released, and neither ended.
        "965:Launch@213(7983),SpoilLink@235(51243),SpoilLink@340(32571),Launch@372(8536)",

        // Committed after the answer that it was not.
        "20043:PutNext@112(6178),SlowDisk@149(58647),SpoilCommit@171(40421)",

        // An enrolment committed after the answer that it was not.
        "18639:SpoilCommit@18(60850),SlowDisk@26(56167)",
        "50763:SlowDisk@8(48191),SpoilCommit@228(45341)",

        // The answer to the second copy of a commit.
        "53950:Launch@254(44223),SpoilLink@280(19932),KillAgent@282(7911),SlowDisk@294(807),Launch@316(41141),PutNext@322(47193)," +
            "StartAgent@428(7911)",

        // A release that is brought when the hand-off was recovered and has ended.
        "10305:Launch@277(29707),UnlockOther@285(63943),Launch@309(42063),SpoilCommit@315(43728),SpoilLink@367(49285)",
        "83752:UnlockOther@204(12351),Launch@251(4791),KillDmz@353(47581),StartDmz@353(47581),SpoilLink@368(39240)",

        // A lock, a lift, and a claim whose answer came late.
        "842:Lock@230(62959),SlowDisk@381(42671)",

        // A holder that does not own kept the secret of an epoch that no row needed any more.
        "138+:Rotate@553(35150),Transfer@629(60981)",
        "345+:Replay@283(61848),Rotate@429(18830),Transfer@464(14639)",

        // A holder took the custody of the next epoch for a forged one, and said so in the ledger.
        "1128+:Transfer@119(36638),Rotate@192(47043)",
        "2859+:Rotate@85(40968),Transfer@230(56799),Rotate@308(1405)",

        // A successor asked the zone, and then read the witness that its predecessor had written meanwhile.
        "1099+:Transfer@256(22001),Transfer@313(56889),Rotate@379(22473),Drain@460(17345)",

        // An outcome that the epoch overtook, refused before the owner knew that the epoch had begun.
        "13722+:Launch@272(45685),SlowDisk@576(62855),Rotate@672(55951)",
        "18264+:StartZone@259(31472),GiveOver@300(1442),Launch@451(7388),SpoilLink@639(42861),Rotate@762(55434)",
    ];

    private static bool HasPeersOnly => Environment.GetEnvironmentVariable("BROKER_SIMULATION_ONLY") == "peers";

    private static long Schedules => Number("BROKER_SIMULATION_SCHEDULES", Usual);

    [Fact]
    public void Every_schedule_should_keep_the_invariants()
    {
        var explorer = new Explorer(HasPeersOnly ? Schedule.WithPeers : Schedule.Of);
        var started = TimeProvider.System.GetTimestamp();

        explorer.Explore((ulong)Number("BROKER_SIMULATION_FIRST", 1), Schedules, Environment.ProcessorCount);

        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var report = string.Create(
            CultureInfo.InvariantCulture, $"{explorer.Tally}\n{explorer.States.Count} distinct states in {seconds:F0} s\n");
        output.WriteLine(report);
        if (Environment.GetEnvironmentVariable("BROKER_SIMULATION_REPORT") is { Length: > 0 } file)
        {
            File.WriteAllText(file, report);
        }

        Assert.True(explorer.Failures.Count == 0, Explain(explorer.Failures));
    }

    [Fact]
    public void Schedules_that_failed_once_should_keep_the_invariants()
    {
        using var workshop = new Workshop();
        foreach (var schedule in Found)
        {
            Run.Of(Schedule.Parse(schedule), workshop);
        }
    }

    [Fact]
    public void A_schedule_should_replay()
    {
        if (Environment.GetEnvironmentVariable("BROKER_SIMULATION_REPLAY") is not { Length: > 0 } text)
        {
            text = "1";
        }

        using var workshop = new Workshop();
        var schedule = Schedule.Parse(text);
        output.WriteLine($"{Run.Of(schedule, workshop, Explorer.IsReal(schedule.Seed), trace: output.WriteLine)}");
    }

    private static string Explain(List<Failure> failures)
    {
        using var workshop = new Workshop();
        var text = new StringBuilder();
        foreach (var failure in failures)
        {
            var smallest = Shrinker.Shrink(failure, workshop);
            var (before, after) = (failure.Schedule.Steps.Count, smallest.Schedule.Steps.Count);
            text.AppendLine(smallest.Problem.ToString())
                .AppendLine(CultureInfo.InvariantCulture, $"  {before} steps, {after} after shrinking; replay it with")
                .Append(CultureInfo.InvariantCulture, $"  BROKER_SIMULATION_REPLAY='{smallest.Schedule}' ")
                .AppendLine("scripts/test --project Simulation --filter FullyQualifiedName~replay")
                .AppendLine();
        }

        return text.ToString();
    }

    private static long Number(string variable, long otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
