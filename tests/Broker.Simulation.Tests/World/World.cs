using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>
/// Several processes, their links and stores on one thread under one seed: what may run next is chosen by it, one turn at a time, and
/// after each the invariants are looked at. Nothing in it is shared with another world or depends on the time of day.
/// </summary>
internal sealed class World : IDisposable
{
    private const int RacingTurns = 48;
    private static readonly long Soon = TimeSpan.FromMilliseconds(20).Ticks;

    private readonly List<(Process? Process, IThreadPoolWorkItem Item)> _runnable = [];
    private readonly Choices _order;
    private readonly Action _sinceTurn;

    public World(ulong seed, bool realCryptography, SecretMemory arena)
    {
        Seed = seed;
        _order = new Choices(seed ^ 0xA5A5_0000_0000_0001);
        Clock = new Clock();
        Oracle = new Oracle(this);
        Memory = new Memory(this, arena, realCryptography);
        Arithmetic = realCryptography ? null : new CheapArithmetic();
        IsReal = realCryptography;
        _sinceTurn = Oracle.AfterTurn;
        SimulatedSecrets.Current = Memory;
        SimulatedArithmetic.Current = Arithmetic;
    }

    public ulong Seed { get; }

    public bool IsReal { get; }

    public Clock Clock { get; }

    public Oracle Oracle { get; }

    public Memory Memory { get; }

    public CheapArithmetic? Arithmetic { get; }

    /// <summary>Whose turn it is; null between turns.</summary>
    public Process? Current { get; private set; }

    /// <summary>Whose turn was the last one.</summary>
    public Process? Last { get; private set; }

    /// <summary>Turns so far.</summary>
    public int Turns { get; private set; }

    /// <summary>When set, tells what happens: for people who look at one run.</summary>
    public Action<string>? Trace { get; set; }

    /// <summary>Called after each turn; what the explorer counts.</summary>
    public Action? Observed { get; set; }

    /// <summary>Called before each turn: seeded faults change what is in actors there.</summary>
    public Action? Meddles { get; set; }

    /// <summary>Drops a wake-up of a process where it says so: a seeded fault.</summary>
    public Func<Process, IThreadPoolWorkItem, bool>? Loses { get; set; }

    public void Add(Process process, IThreadPoolWorkItem item)
    {
        if (Loses?.Invoke(process, item) != true)
        {
            _runnable.Add((process, item));
        }
    }

    /// <summary>Something that happens later and to no process: a link delivers, a disk answers.</summary>
    public void After(TimeSpan delay, Action action) => Clock.Add(new Due(null, action), delay);

    /// <summary>
    /// Runs one turn, moving the clock when nothing can run before that; false when nothing is left at all, or before
    /// <paramref name="until"/>.
    /// </summary>
    public bool Turn(long until = long.MaxValue)
    {
        TakeDue();
        if (_runnable.Count == 0 || (_order.OneIn(RacingTurns) && Clock.Next - Clock.Now < Soon))
        {
            if (Clock.Next is { } next && next <= until)
            {
                Clock.MoveTo(next);
                TakeDue();
            }
            else if (_runnable.Count == 0)
            {
                return false;
            }
        }

        if (_runnable.Count == 0)
        {
            return true;
        }

        var index = _order.Below(_runnable.Count);
        var (process, item) = _runnable[index];
        _runnable[index] = _runnable[^1];
        _runnable.RemoveAt(_runnable.Count - 1);
        if (process is { IsDead: true })
        {
            return true;
        }

        Turns++;
        Meddles?.Invoke();
        Last = process;
        Run(process, item.Execute);
        _sinceTurn();
        Observed?.Invoke();
        return true;
    }

    /// <summary>Runs something as a process, outside of its turns: what its operating system would do.</summary>
    public void Run(Process? process, Action action)
    {
        var (outer, context) = (Current, SynchronizationContext.Current);
        Current = process;
        SynchronizationContext.SetSynchronizationContext(process?.Context);
        try
        {
            action();
        }
        finally
        {
            Current = outer;
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>What may run now, for the digest.</summary>
    public int Runnable => _runnable.Count;

    public void Dispose()
    {
        Memory.ForgetAll();
        SimulatedSecrets.Current = null;
        SimulatedArithmetic.Current = null;
    }

    private void TakeDue()
    {
        while (Clock.TakeDue() is { } due)
        {
            _runnable.Add((due.Process, new DueItem(due)));
        }
    }

    private sealed class DueItem(Due due) : IThreadPoolWorkItem
    {
        public void Execute() => due.Run();
    }
}
