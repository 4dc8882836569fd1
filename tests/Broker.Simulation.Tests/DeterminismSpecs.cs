namespace Broker.Simulation.Tests;

/// <summary>The same seed is the same run, also beside other worlds; another seed is another one.</summary>
public sealed class DeterminismSpecs
{
    private static readonly ulong[] Seeds = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 100, 144, 200];

    [Fact]
    public void The_same_seed_should_go_through_the_same_states()
    {
        var alone = Digests();
        var beside = new List<ulong>[4];
        var threads = Enumerable.Range(0, beside.Length).Select(i => new Thread(() => beside[i] = Digests())).ToList();
        threads.ForEach(static t => t.Start());
        threads.ForEach(static t => t.Join());

        Assert.All(beside, other => Assert.Equal(alone, other));
        Assert.Equal(alone.Count, alone.Distinct().Count());
    }

    [Fact]
    public void A_schedule_should_be_read_as_it_is_written()
    {
        foreach (var schedule in (Schedule[])[Schedule.Alone(77), Schedule.WithPeers(77)])
        {
            Assert.Equal(schedule.HasPeers, Schedule.Parse(schedule.ToString()).HasPeers);
            Assert.Equal(schedule.Steps, Schedule.Parse(schedule.ToString()).Steps);
        }

        Assert.Equal(Schedule.Of(77).ToString(), Schedule.Parse("77").ToString());
    }

    [Theory]
    [InlineData("the salts of rows repeat", "nonce-reuse", nameof(StepKind.PutNext))]
    [InlineData("a row is encrypted anew under the key that it had", "row-unreadable", nameof(StepKind.Rotate))]
    public void The_shrinker_should_leave_out_what_does_not_matter(string name, string code, string kind)
    {
        using var workshop = new Workshop();
        var fault = AllMutations.All.Single(m => m.Name == name);
        for (ulong seed = 1; ; seed++)
        {
            try
            {
                Run.Of(fault.ScheduleOf(seed), workshop, mutation: fault);
            }
            catch (Violation found)
            {
                var smallest = Shrinker.Shrink(new Failure(fault.ScheduleOf(seed), false, found), workshop, fault);

                Assert.Equal(code, smallest.Code);
                Assert.Equal(kind, Assert.Single(smallest.Schedule.Steps).Kind.ToString());
                return;
            }
        }
    }

    private static List<ulong> Digests()
    {
        using var workshop = new Workshop();
        return
        [
            .. Seeds.Select(seed => Run.Of(Schedule.Alone(seed), workshop, Explorer.IsReal(seed)).Digest),
            .. Seeds.Select(seed => Run.Of(Schedule.WithPeers(seed), workshop, Explorer.IsReal(seed)).Digest),
        ];
    }
}
