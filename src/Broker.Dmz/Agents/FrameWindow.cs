namespace Broker.Dmz.Agents;

/// <summary>
/// How many frames of one direction may be on their way: who reads waits for room, who writes asks for it. Thread-safe.
/// </summary>
/// <param name="maxFrames">Frames at a time.</param>
/// <param name="maxBytes">Their bytes; one frame may exceed it.</param>
internal sealed class FrameWindow(int maxFrames, long maxBytes)
{
    private readonly Lock _gate = new();
    private int _frames;
    private long _bytes;
    private TaskCompletionSource? _room;

    /// <summary>Frames on their way.</summary>
    public int Frames
    {
        get
        {
            lock (_gate)
            {
                return _frames;
            }
        }
    }

    /// <summary>Whether another frame may go.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return Room();
            }
        }
    }

    /// <summary>Takes a place, also beyond the bounds: who must not lose a frame holds it, and nobody is let in meanwhile.</summary>
    public FrameCredit Hold(int bytes)
    {
        lock (_gate)
        {
            _frames++;
            _bytes += bytes;
        }

        return new FrameCredit(this, bytes);
    }

    /// <summary>Completes when there is room. Who then takes places is the one that waits: there is one.</summary>
    public Task RoomAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (Room())
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellation);
        }
    }

    internal void Release(int bytes)
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _frames--;
            _bytes -= bytes;
            if (Room())
            {
                (room, _room) = (_room, null);
            }
        }

        room?.SetResult();
    }

    private bool Room() => _frames < maxFrames && _bytes < maxBytes;
}

/// <summary>One place in a window, given back once: by who handled the frame, or by the kernel where nobody did.</summary>
internal sealed class FrameCredit(FrameWindow window, int bytes) : IDisposable
{
    private FrameWindow? _window = window;

    /// <summary>Takes the place over from the message that carried it.</summary>
    public FrameCredit? Take() => Interlocked.Exchange(ref _window, null) is { } taken ? new FrameCredit(taken, bytes) : null;

    /// <summary>A second place for the same frame, while this one is held.</summary>
    public FrameCredit? Share() => Volatile.Read(ref _window)?.Hold(bytes);

    public void Dispose() => Interlocked.Exchange(ref _window, null)?.Release(bytes);
}
