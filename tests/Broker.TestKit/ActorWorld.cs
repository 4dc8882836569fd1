using Broker.Actors;

namespace Broker.TestKit;

/// <summary>A system that runs single-threaded under a seed, with its own clock: nothing moves but by <see cref="Run"/> and <see cref="Advance"/>.</summary>
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
