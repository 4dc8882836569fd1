namespace Broker.Actors;

/// <summary>
/// The two queues of one actor and its place in the dispatcher. Every change of "is anything queued" and of "is it scheduled" is
/// made under one lock, so no wake-up is lost: who queues into an idle mailbox schedules it, and it goes idle only when nothing
/// is queued that may run now.
/// </summary>
internal sealed class Mailbox<T>(Cell<T> cell, int capacity) : IThreadPoolWorkItem where T : notnull
{
    private readonly Lock _gate = new();
    private SlotBuffer<T> _incoming;
    private SlotBuffer<T> _outgoing;
    private Queue<Slot<T>>? _unstashed;
    private SystemMessage? _systemHead;
    private SystemMessage? _systemTail;
    private int _waiting;
    private bool _scheduled;
    private bool _closed;

    public TellResult Enqueue(T message)
    {
        bool wake;
        lock (_gate)
        {
            if (_closed)
                return TellResult.Stopped;
            if (capacity != int.MaxValue)
            {
                if (_waiting >= capacity)
                    return TellResult.Busy;
                Interlocked.Increment(ref _waiting);
            }
            _incoming.Add(new Slot<T>(message, null));
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
        lock (_gate)
        {
            closed = _closed;
            if (!closed)
            {
                _incoming.Add(new Slot<T>(default, signal));
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
        lock (_gate)
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
        lock (_gate)
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
        {
            slot = _unstashed.Dequeue();
            if (_unstashed.Count == 0)
                _unstashed = null;
            return true;
        }
        if (_outgoing.IsEmpty)
        {
            lock (_gate)
                (_incoming, _outgoing) = (_outgoing, _incoming);
        }
        if (!_outgoing.TryTake(out slot))
            return false;
        if (capacity != int.MaxValue && slot.Signal is null)
            Interlocked.Decrement(ref _waiting);
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        _ = RunTurn();
        Turn.Leave();
    }

    /// <summary>One slot of the dispatcher: system messages before and after each user message, at most the throughput of user messages.</summary>
    private async Task RunTurn()
    {
        for (var left = cell.System.Throughput; ;)
        {
            Turn.Enter(cell);
            while (TryTakeSystem() is { } message)
                await cell.HandleSystem(message);
            if (cell.State == CellState.Stopped)
                return;
            if (left-- == 0 || !cell.MayReceive || !TryTakeUser(out var slot))
                break;
            await cell.HandleUser(slot);
        }
        Turn.Leave();
        if (!TryGoIdle())
            cell.System.Dispatcher.Schedule(this);
    }

    private SystemMessage? TryTakeSystem()
    {
        if (Volatile.Read(ref _systemHead) is null)
            return null;
        lock (_gate)
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
        lock (_gate)
        {
            var userWork = _unstashed is not null || !_outgoing.IsEmpty || !_incoming.IsEmpty;
            if (_systemHead is not null || (userWork && cell.MayReceive))
                return false;
            _incoming.Trim();
            _outgoing.Trim();
            _scheduled = false;
            return true;
        }
    }
}
