namespace Broker.Simulation.Tests;

/// <summary>
/// The one clock of a world and all that is due: timers of processes and things on their way. It moves only when the world says so.
/// </summary>
internal sealed class Clock
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Due, (long Ticks, long Order)> _due = new();
    private long _order;

    /// <summary>Ticks since the start.</summary>
    public long Now { get; private set; }

    public DateTimeOffset UtcNow => Start + TimeSpan.FromTicks(Now);

    /// <summary>What is armed, withdrawn things included.</summary>
    public int Count => _due.Count;

    /// <summary>The ticks at which the next thing is due; null when nothing is.</summary>
    public long? Next
    {
        get
        {
            while (_due.TryPeek(out var due, out var at))
            {
                if (due.IsValid)
                {
                    return at.Ticks;
                }

                _due.Dequeue();
            }

            return null;
        }
    }

    public void Add(Due due, TimeSpan delay) => _due.Enqueue(due, (Now + Math.Max(delay.Ticks, 0), _order++));

    public void MoveTo(long ticks) => Now = Math.Max(Now, ticks);

    /// <summary>The next thing whose time has come.</summary>
    public Due? TakeDue()
    {
        if (Next is not { } ticks || ticks > Now)
        {
            return null;
        }

        return _due.Dequeue();
    }
}

/// <summary>Something that becomes runnable at a time, unless it was withdrawn or its process is dead.</summary>
internal sealed class Due(Process? process, Action action)
{
    private bool _withdrawn;

    public Process? Process => process;

    public bool IsValid => !_withdrawn && process is not { IsDead: true };

    public void Withdraw() => _withdrawn = true;

    public void Run()
    {
        if (!_withdrawn)
        {
            action();
        }
    }
}
