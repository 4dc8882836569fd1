namespace Broker.Actors;

/// <summary>
/// Which actor each thread works for now: the sender in dead letters, what refuses a wait that could never end, and what the watchdog looks
/// at. One object a thread, written by its thread only.
/// </summary>
internal sealed class Turn
{
    private static readonly Lock Gate = new();
    private static readonly List<WeakReference<Turn>> All = [];

    [ThreadStatic]
    private static Turn? _mine;

    private Cell? _cell;
    private long _step;

    private Turn()
    {
    }

    public static Cell? Current => _mine?._cell;

    /// <summary>The actor begins a step (a message, a hook, the rest of one after an await) on this thread.</summary>
    /// <returns>The turn, for further steps on this thread.</returns>
    public static Turn Enter(Cell cell)
    {
        var mine = _mine ??= Register();
        mine.Step(cell);
        return mine;
    }

    /// <summary>The next step of the same actor on the same thread.</summary>
    public void Step(Cell cell)
    {
        _cell = cell;
        unchecked
        {
            _step++;
        }
    }

    public static void Leave()
    {
        if (_mine is { } mine)
            mine._cell = null;
    }

    /// <summary>What the threads do at this moment: from any thread, and a moment old when it is read.</summary>
    public static List<(Turn Turn, Cell Cell, long Step)> Busy()
    {
        var busy = new List<(Turn, Cell, long)>();
        lock (Gate)
        {
            All.RemoveAll(static weak => !weak.TryGetTarget(out _));
            foreach (var weak in All)
            {
                if (weak.TryGetTarget(out var turn) && Volatile.Read(ref turn._cell) is { } cell)
                    busy.Add((turn, cell, Volatile.Read(ref turn._step)));
            }
        }
        return busy;
    }

    private static Turn Register()
    {
        var turn = new Turn();
        lock (Gate)
            All.Add(new WeakReference<Turn>(turn));
        return turn;
    }
}
