using Broker.Actors;

namespace Broker.Simulation.Tests;

/// <summary>
/// One start of a process: where its turns and continuations run, its clock, its randomness. When it is killed nothing of it runs any
/// more, and its memory is gone.
/// </summary>
internal sealed class Process : Dispatcher
{
    private readonly World _world;
    private readonly ProcessContext _context;
    private readonly List<Action> _onKill = [];

    public Process(World world, string name, ulong seed)
    {
        _world = world;
        Name = name;
        Random = new Choices(seed);
        Time = new ProcessTime(world.Clock, this);
        _context = new ProcessContext(this);
    }

    public string Name { get; }

    public World World => _world;

    public bool IsDead { get; private set; }

    public Choices Random { get; }

    public TimeProvider Time { get; }

    public RandomFill Fill => Random.Fill;

    /// <summary>Buffers of locked memory that this process holds.</summary>
    public int LiveSecrets { get; set; }

    public ActorSystem? System { get; private set; }

    public SynchronizationContext Context => _context;

    public ActorSystem NewSystem(string name) => System = new ActorSystem(
        name, new ActorSystemOptions { Time = Time, Random = Random, Dispatcher = this, HandlerBudget = TimeSpan.FromMinutes(5) });

    public override void Schedule(IThreadPoolWorkItem item)
    {
        if (!IsDead)
        {
            _world.Add(this, item);
        }
    }

    /// <summary>Runs something in this process, in its own turn.</summary>
    public void Post(Action action) => Schedule(new Posted(static state => ((Action)state!)(), action));

    /// <summary>Runs something in this process, later.</summary>
    public Due After(TimeSpan delay, Action action)
    {
        var due = new Due(this, action);
        _world.Clock.Add(due, delay);
        return due;
    }

    /// <summary>Closes what an operating system closes when a process is gone.</summary>
    public void OnKill(Action action) => _onKill.Add(action);

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        if (IsDead)
        {
            return;
        }

        IsDead = true;
        _world.Memory.Forget(this);
        foreach (var action in _onKill)
        {
            action();
        }
    }

    private sealed class ProcessContext(Process process) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => process.Schedule(new Posted(d, state));

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class Posted(SendOrPostCallback callback, object? state) : IThreadPoolWorkItem
    {
        public void Execute() => callback(state);
    }

    private sealed class ProcessTime(Clock clock, Process process) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => clock.UtcNow;

        public override long GetTimestamp() => clock.Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new ProcessTimer(clock, process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class ProcessTimer(Clock clock, Process process, TimerCallback callback, object? state) : ITimer
    {
        private Due? _due;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due?.Withdraw();
            _due = null;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                _due = new Due(process, () => Fire(period));
                clock.Add(_due, dueTime);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(TimeSpan period)
        {
            _due = null;
            if (period > TimeSpan.Zero)
            {
                Change(period, period);
            }

            callback(state);
        }
    }
}
