namespace Broker.Simulation.Tests;

/// <summary>A schedule that broke an invariant.</summary>
/// <param name="Schedule">Which.</param>
/// <param name="Real">Whether on the real cryptography.</param>
/// <param name="Problem">What was wrong.</param>
internal sealed record Failure(Schedule Schedule, bool Real, Exception Problem)
{
    /// <summary>What stays the same while the schedule is shrunk.</summary>
    public string Code => (Problem as Violation)?.Code ?? Problem.GetType().Name;
}

/// <summary>Runs many schedules, one world a thread, and counts what they reached.</summary>
/// <param name="schedules">The schedule of a seed.</param>
internal sealed class Explorer(Func<ulong, Schedule> schedules)
{
    /// <summary>One schedule in so many runs on the real cryptography.</summary>
    public const int RealOneIn = 100;

    private readonly Lock _gate = new();
    private long _next;

    /// <summary>The first failures, by seed.</summary>
    public List<Failure> Failures { get; } = [];

    public Tally Tally { get; } = new();

    public States States { get; } = new();

    /// <summary>Runs the schedules of consecutive seeds and stops early when there are failures enough.</summary>
    /// <param name="first">The first seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="threads">How many worlds at a time.</param>
    public void Explore(ulong first, long count, int threads)
    {
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() => Work(first, count)) { IsBackground = true }).ToList();
        workers.ForEach(static w => w.Start());
        workers.ForEach(static w => w.Join());
        Failures.Sort(static (a, b) => a.Schedule.Seed.CompareTo(b.Schedule.Seed));
    }

    /// <summary>Whether a seed runs on the real cryptography.</summary>
    public static bool IsReal(ulong seed) => seed % RealOneIn == 0;

    private void Work(ulong first, long count)
    {
        using var workshop = new Workshop();
        var (tally, states) = (new Tally(), new States());
        while (Failures.Count < 8)
        {
            var number = Interlocked.Increment(ref _next) - 1;
            if (number >= count)
            {
                break;
            }

            var seed = first + (ulong)number;
            var (schedule, real) = (schedules(seed), IsReal(seed));
            try
            {
                tally.Add(schedule, real, Run.Of(schedule, workshop, real, states: states));
            }
            catch (Exception problem)
            {
                lock (_gate)
                {
                    Failures.Add(new Failure(schedule, real, problem));
                }
            }
        }

        lock (_gate)
        {
            Tally.Join(tally);
            States.Join(states);
        }
    }
}
