using Broker.Actors;

namespace Broker.TestKit;

/// <summary>
/// A system that runs single-threaded under a seed, with its own clock: nothing moves but by <see cref="Run"/> and <see cref="Advance"/>.
/// </summary>
public sealed class ActorWorld : IDisposable
{
    public ActorWorld(int seed = 1, Func<ActorSystemOptions, ActorSystemOptions>? options = null)
    {
        Seed = seed;
        Dispatcher = new SeededDispatcher(seed);
        Time = new ManualTime();
        var defaults = new ActorSystemOptions { Dispatcher = Dispatcher, Time = Time, Random = new SeededRandom(seed) };
        System = new ActorSystem("world", options is null ? defaults : options(defaults));
        Events = new EventLog(System);
        Run();
    }

    public int Seed { get; }

    public SeededDispatcher Dispatcher { get; }

    public ManualTime Time { get; }

    public ActorSystem System { get; }

    public EventLog Events { get; }

    /// <summary>Runs everything that can run without the clock moving.</summary>
    public void Run() => Dispatcher.RunUntilIdle();

    /// <summary>Moves the clock from timer to timer, and runs everything after each.</summary>
    public void Advance(TimeSpan by)
    {
        Run();
        for (var target = Time.Elapsed + by; ;)
        {
            var next = Time.NextDue is { } due && due <= target ? due : target;
            Time.Advance(next > Time.Elapsed ? next - Time.Elapsed : TimeSpan.Zero);
            Run();
            if (next == target && !(Time.NextDue <= target))
                return;
        }
    }

    /// <summary>
    /// An actor that keeps what it is told. Its expectations run this world, and move its clock where they may take time.
    /// </summary>
    /// <param name="name">Unique among the top-level actors.</param>
    /// <param name="watched">Whom it watches, see <see cref="TestProbe{T}.ExpectTerminated"/>.</param>
    public TestProbe<T> Probe<T>(string name, params IActorRef[] watched) where T : notnull => new(System, name, watched) { World = this };

    /// <summary>Expectations of what the system tells about itself.</summary>
    /// <param name="where">Null: every event of the type.</param>
    public EventFilter<T> Filter<T>(Func<T, bool>? where = null) where T : ActorEvent => new(this, where ?? (static _ => true));

    /// <summary>Runs turn by turn, and from timer to timer when nothing else can run, until the condition holds.</summary>
    /// <param name="condition">Looked at before the first turn and after each.</param>
    /// <param name="within">How far the clock may move.</param>
    /// <returns>Whether it held.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan within = default)
    {
        for (var target = Time.Elapsed + within; ;)
        {
            if (condition())
                return true;
            if (Dispatcher.RunOne())
                continue;
            if (Time.NextDue is not { } due || due > target)
            {
                Time.Advance(target - Time.Elapsed);
                return condition();
            }
            Time.Advance(due > Time.Elapsed ? due - Time.Elapsed : TimeSpan.Zero);
        }
    }

    /// <summary>Runs as <see cref="RunUntil"/> does until the assertion passes; nothing sleeps.</summary>
    /// <param name="assertion">Throws while it does not hold.</param>
    /// <param name="within">How far the clock may move.</param>
    /// <exception cref="InvalidOperationException">It never passed; the inner exception is its last failure.</exception>
    public void AwaitAssert(Action assertion, TimeSpan within = default)
    {
        Exception? last = null;
        if (!RunUntil(Passes, within))
            throw new InvalidOperationException($"the assertion did not pass within {within} (seed {Seed})", last);

        bool Passes()
        {
            try
            {
                assertion();
                return true;
            }
#pragma warning disable CA1031 // Whatever the assertion throws says that it does not hold yet.
            catch (Exception e)
#pragma warning restore CA1031
            {
                last = e;
                return false;
            }
        }
    }

    /// <summary>Runs until the task has ended, moving the clock when nothing else can.</summary>
    /// <exception cref="InvalidOperationException">Nothing can run and no timer is armed: it would never end.</exception>
    public T Await<T>(Task<T> task)
    {
        Settle(task);
        return task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Await{T}"/>
    public void Await(Task task)
    {
        Settle(task);
        task.GetAwaiter().GetResult();
    }

    public void Dispose() => Events.Dispose();

    private void Settle(Task task)
    {
        while (true)
        {
            Run();
            if (task.IsCompleted)
                return;
            if (Time.NextDue is not { } due)
                throw new InvalidOperationException($"nothing is left to run, and the task has not ended (seed {Seed})");
            Time.Advance(due > Time.Elapsed ? due - Time.Elapsed : TimeSpan.Zero);
        }
    }
}
