namespace Broker.Simulation.Tests;

/// <summary>Makes a failing schedule smaller: leaves out steps, many and then single ones, as long as it fails in the same way.</summary>
internal static class Shrinker
{
    private const int MostRuns = 400;

    /// <summary>The smallest schedule found that fails with the same code.</summary>
    public static Failure Shrink(Failure failure, Workshop workshop, Mutation? mutation = null)
    {
        var best = failure;
        var runs = 0;
        for (var part = Math.Max(best.Schedule.Steps.Count / 2, 1); part > 0 && runs < MostRuns; part /= 2)
        {
            for (var from = best.Schedule.Steps.Count - part; from >= 0 && runs < MostRuns; from--)
            {
                if (from + part > best.Schedule.Steps.Count)
                {
                    continue;
                }

                var steps = best.Schedule.Steps.ToList();
                steps.RemoveRange(from, part);
                runs++;
                if (Try(best.Schedule with { Steps = steps }, failure, workshop, mutation) is { } smaller)
                {
                    best = smaller;
                }
            }
        }

        return best;
    }

    private static Failure? Try(Schedule schedule, Failure failure, Workshop workshop, Mutation? mutation)
    {
        try
        {
            Run.Of(schedule, workshop, failure.Real, mutation);
            return null;
        }
        catch (Exception problem)
        {
            var found = failure with { Schedule = schedule, Problem = problem };
            return found.Code == failure.Code ? found : null;
        }
    }
}
