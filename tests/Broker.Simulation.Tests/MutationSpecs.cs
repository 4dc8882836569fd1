using Xunit.Abstractions;

namespace Broker.Simulation.Tests;

/// <summary>The explorer bites: each fault that is put in on purpose is found, for the right reason, within so many schedules.</summary>
public sealed class MutationSpecs(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. AllMutations.All.Select(static m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Explorer_should_find_that(string mutation)
    {
        var fault = AllMutations.All.Single(m => m.Name == mutation);
        using var workshop = new Workshop();
        for (ulong seed = 1; seed <= (ulong)fault.Within; seed++)
        {
            try
            {
                Run.Of(fault.ScheduleOf(seed), workshop, mutation: fault);
            }
            catch (Violation violation) when (!fault.Besides.Contains(violation.Code))
            {
                output.WriteLine($"found after {seed} of at most {fault.Within} schedules: {violation.Message}");
                Assert.Contains(violation.Code, fault.Codes);
                return;
            }
            catch (Violation)
            {
                // What it leads to as well; the reason has to be found all the same.
            }
        }

        Assert.Fail($"not found in {fault.Within} schedules");
    }
}
