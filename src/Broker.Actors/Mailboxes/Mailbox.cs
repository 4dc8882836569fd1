namespace Broker.Actors;

/// <summary>
/// The two queues of one actor and its place in the dispatcher. Every change of "is anything queued" and of "is it scheduled" is
/// made under one lock, so no wake-up is lost: who queues into an idle mailbox schedules it, and it goes idle only when nothing
/// is queued that may run now.
/// </summary>
internal sealed class Mailbox<T>(Cell<T> cell, int capacity) : IThreadPoolWorkItem where T : notnull
{
    // How long memory that a burst has needed is kept for the next one.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);

    // What is gathered meanwhile is taken at once, so who tells seldom finds the gate held. All looks together last a few microseconds,
    // less than it costs to put a thread to sleep and to wake it.
    private const int SmallBatch = 64;
    private const int MostLooks = 8;
    private const int SpinsBeforeLook = 16;

    // Held for a few instructions at a time, by every tell: a spin lock costs half of the others' time and no object of its own.
    private SpinLock _gate = new(enableThreadOwnerTracking: false);
    private SlotBuffer<T> _incoming;
    private SlotBuffer<T> _outgoing;
    private Queue<Slot<T>>? _unstashed;
    private SystemMessage? _systemHead;
    private SystemMessage? _systemTail;
    private int _waiting;
    private int _batch;
    private int _peak;
    private long _lookedAt;
    private bool _scheduled;
    private bool _closed;
    private bool _isFlooded;

    /// <summary>Places that there is memory for. On the actor's turn, or when it has none.</summary>
    public int Room => _incoming.Room + _outgoing.Room;

    public TellResult Enqueue(T message)
    {
        bool wake;
        using (new Hold(ref _gate))
        {
            if (_closed)
                return TellResult.Stopped;
            if (capacity != int.MaxValue)
            {
                if (_waiting >= capacity)
                    return TellResult.Busy;
                Interlocked.Increment(ref _waiting);
            }
            _incoming.Add(message, null);
            wake = !_scheduled;
            _scheduled = true;
        }
        if (wake)
            cell.System.Dispatcher.Schedule(this);
        return TellResult.Accepted;
    }

    /// <summary>Queues a signal; signals are not counted against the capacity. One that comes too late is dropped.</summary>
    public void EnqueueSignal(Signal<T> signal)
    {
        bool closed, wake = false;
        using (new Hold(ref _gate))
        {
            closed = _closed;
            if (!closed)
            {
                _incoming.Add(default, signal);
                wake = !_scheduled;
                _scheduled = true;
            }
        }
        if (closed)
            signal.Drop(cell);
        else if (wake)
            cell.System.Dispatcher.Schedule(this);
    }

    /// <returns>False when the mailbox is closed.</returns>
    public bool EnqueueSystem(SystemMessage message)
    {
        bool wake;
        using (new Hold(ref _gate))
        {
            if (_closed)
                return false;
            if (_systemTail is null)
                Volatile.Write(ref _systemHead, message);
            else
                _systemTail.Next = message;
            _systemTail = message;
            wake = !_scheduled;
            _scheduled = true;
        }
        if (wake)
            cell.System.Dispatcher.Schedule(this);
        return true;
    }

    /// <summary>Puts slots before everything else, in their order. On the actor's turn only.</summary>
    public void Prepend(Queue<Slot<T>> slots)
    {
        if (_unstashed is { Count: > 0 } rest)
        {
            foreach (var slot in rest)
                slots.Enqueue(slot);
        }
        _unstashed = slots;
    }

    /// <summary>Accepts nothing from now on and gives back what was waiting. On the actor's turn only.</summary>
    public SystemMessage? Close()
    {
        using (new Hold(ref _gate))
        {
            _closed = true;
            var rest = _systemHead;
            _systemHead = _systemTail = null;
            return rest;
        }
    }

    /// <summary>The next user slot; after <see cref="Close"/> it drains. On the actor's turn only.</summary>
    public bool TryTakeUser(out Slot<T> slot)
    {
        if (_unstashed is not null)
            return TakeUnstashed(out slot);
        if (!_outgoing.TryTake(out slot))
        {
            SwapBuffers();
            if (!_outgoing.TryTake(out slot))
                return false;
        }
        if (capacity != int.MaxValue && slot.Signal is null)
            Interlocked.Decrement(ref _waiting);
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Run(cell.System.Throughput);
        Turn.Leave();
    }

    /// <summary>
    /// One slot of the dispatcher: system messages before and after each user message, at most so many more user messages. An actor that
    /// needed all of its last slot lets messages gather, and looks a few times more before it goes idle: where it is a little faster than
    /// who tells it, the two would stand in each other's way at each tell, or each tell would have to wake a thread.
    /// </summary>
    private void Run(int left)
    {
        var looks = 0;
        for (var turn = Turn.Enter(cell); ; turn.Step(cell))
        {
            while (TryTakeSystem() is { } message)
            {
                if (IsUnderWay(cell.HandleSystem(message), left))
                    return;
                turn.Step(cell);
            }
            if (cell.State == CellState.Stopped)
                return;
            if (left == 0 || !cell.MayReceive)
                break;
            if (_isFlooded && _batch < SmallBatch && _outgoing.IsEmpty)
                Thread.SpinWait(SpinsBeforeLook);
            if (!TryTakeUser(out var slot))
            {
                if (!_isFlooded || ++looks > MostLooks)
                    break;
                continue;
            }
            (left, looks) = (left - 1, 0);
            if (IsUnderWay(cell.HandleUser(slot), left))
                return;
        }
        Turn.Leave();
        _isFlooded = left == 0;
        if (!TryGoIdle())
            cell.System.Dispatcher.Schedule(this);
    }

    /// <summary>Ends a step that has ended at once; one that awaits goes on with the slot of the dispatcher when it has ended.</summary>
    private bool IsUnderWay(ValueTask handling, int left)
    {
        if (!handling.IsCompleted)
        {
            _ = RunAfter(handling, left);
            return true;
        }
        handling.GetAwaiter().GetResult();
        return false;
    }

    private async Task RunAfter(ValueTask handling, int left)
    {
        await handling;
        Run(left);
    }

    private bool TakeUnstashed(out Slot<T> slot)
    {
        slot = _unstashed!.Dequeue();
        if (_unstashed.Count == 0)
            _unstashed = null;
        return true;
    }

    private void SwapBuffers()
    {
        using var hold = new Hold(ref _gate);
        (_incoming, _outgoing) = (_outgoing, _incoming);
        _batch = _outgoing.Count;
        _peak = Math.Max(_peak, _batch);
    }

    /// <summary>
    /// Now and then: a consumer that catches up between two bursts, however often, does not make the next one grow its queue anew.
    /// </summary>
    private void GiveUpMemory()
    {
        if (!_incoming.IsLarge && !_outgoing.IsLarge)
            return;
        var now = cell.System.Time.GetTimestamp();
        if (cell.System.Time.GetElapsedTime(_lookedAt, now) < Kept)
            return;
        _incoming.Trim(_peak);
        _outgoing.Trim(_peak);
        (_peak, _lookedAt) = (0, now);
    }

    private SystemMessage? TryTakeSystem()
    {
        if (Volatile.Read(ref _systemHead) is null)
            return null;
        using (new Hold(ref _gate))
        {
            var message = _systemHead;
            _systemHead = message?.Next;
            if (_systemHead is null)
                _systemTail = null;
            return message;
        }
    }

    private bool TryGoIdle()
    {
        using (new Hold(ref _gate))
        {
            var userWork = _unstashed is not null || !_outgoing.IsEmpty || !_incoming.IsEmpty;
            if (_systemHead is not null || (userWork && cell.MayReceive))
                return false;
            GiveUpMemory();
            _scheduled = false;
            return true;
        }
    }
}
