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
        var schedule = Schedule.Of(77);

        Assert.Equal(schedule.Steps, Schedule.Parse(schedule.ToString()).Steps);
        Assert.Equal(schedule.Steps, Schedule.Parse("77").Steps);
    }

    [Fact]
    public void The_shrinker_should_leave_out_what_does_not_matter()
    {
        using var workshop = new Workshop();
        var fault = AllMutations.All.Single(static m => m.Name == "the salts of rows repeat");
        for (ulong seed = 1; ; seed++)
        {
            try
            {
                Run.Of(Schedule.Of(seed), workshop, mutation: fault);
            }
            catch (Violation found)
            {
                var smallest = Shrinker.Shrink(new Failure(Schedule.Of(seed), false, found), workshop, fault);

                Assert.Equal("nonce-reuse", smallest.Code);
                Assert.Equal(StepKind.PutNext, Assert.Single(smallest.Schedule.Steps).Kind);
                return;
            }
        }
    }

    private static List<ulong> Digests()
    {
        using var workshop = new Workshop();
        return [.. Seeds.Select(seed => Run.Of(Schedule.Of(seed), workshop, Explorer.IsReal(seed)).Digest)];
    }
}
