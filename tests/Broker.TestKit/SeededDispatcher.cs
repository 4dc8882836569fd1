using Broker.Actors;

namespace Broker.TestKit;

/// <summary>
/// Runs turns one at a time on the thread that calls <see cref="RunUntilIdle"/>, the next one chosen by the seed. Continuations of
/// awaiting handlers come back to it through its synchronization context, unless they say ConfigureAwait(false).
/// </summary>
public sealed class SeededDispatcher(int seed) : Dispatcher
{
    private const int DeepestPreemption = 4;

    private readonly Lock _gate = new();
    private readonly List<IThreadPoolWorkItem> _runnable = [];
    private readonly Context _context = new();
    private int _depth;
    private ulong _state = (ulong)seed * 2654435769 + 88172645463325252;

    /// <summary>
    /// When set, others run at once whenever something becomes runnable, inside the turn that made it so: what threads could do at that
    /// point.
    /// </summary>
    public bool Preempts { get; set; }

    /// <summary>How many turns have run.</summary>
    public long Steps { get; private set; }

    public override void Schedule(IThreadPoolWorkItem item)
    {
        lock (_gate)
            _runnable.Add(item);
        if (!Preempts || _depth == DeepestPreemption)
            return;
        _depth++;
        while (RunOne())
        {
        }
        _depth--;
    }

    /// <returns>False when nothing is runnable.</returns>
    public bool RunOne()
    {
        if (Take() is not { } item)
            return false;
        Steps++;
        _context.Dispatcher = this;
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            item.Execute();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
        return true;
    }

    /// <summary>Runs until nothing is runnable.</summary>
    /// <exception cref="InvalidOperationException">Still not idle after so many turns: something goes round in circles.</exception>
    public void RunUntilIdle(int most = 1_000_000)
    {
        while (RunOne())
        {
            if (most-- == 0)
                throw new InvalidOperationException("the world does not come to rest");
        }
    }

    private IThreadPoolWorkItem? Take()
    {
        lock (_gate)
        {
            if (_runnable.Count == 0)
                return null;
            var index = (int)(Next() % (ulong)_runnable.Count);
            var item = _runnable[index];
            _runnable.RemoveAt(index);
            return item;
        }
    }

    private ulong Next()
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        return _state ^= _state << 17;
    }

    private sealed class Context : SynchronizationContext
    {
        public SeededDispatcher Dispatcher { get; set; } = null!;

        public override void Post(SendOrPostCallback d, object? state) => Dispatcher.Schedule(new Posted(d, state));

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class Posted(SendOrPostCallback callback, object? state) : IThreadPoolWorkItem
    {
        public void Execute() => callback(state);
    }
}
