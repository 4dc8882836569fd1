using Broker.Actors;

namespace Broker.TestKit;

/// <summary>Keeps the events of a system, to be counted.</summary>
public sealed class EventLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ActorEvent> _events = [];
    private readonly List<(Func<ActorEvent, bool> Where, TaskCompletionSource<ActorEvent> Found)> _awaited = [];
    private readonly IDisposable _subscription;

    public EventLog(ActorSystem system) => _subscription = system.Events.Subscribe(Add);

    public IReadOnlyList<ActorEvent> All
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    public IReadOnlyList<T> Of<T>() where T : ActorEvent => [.. All.OfType<T>()];

    /// <summary>The first event of the type that fits, whether it has come already or comes; for systems on the thread pool.</summary>
    /// <exception cref="TimeoutException">None came: the test has failed.</exception>
    public async Task<T> First<T>(Func<T, bool>? where = null) where T : ActorEvent
    {
        bool Fits(ActorEvent one) => one is T wanted && where?.Invoke(wanted) != false;
        var found = new TaskCompletionSource<ActorEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_events.Find(Fits) is { } there)
                return (T)there;
            _awaited.Add((Fits, found));
        }
        return (T)await found.Task.WaitAsync(Patience.Limit);
    }

    public void Dispose() => _subscription.Dispose();

    private void Add(ActorEvent one)
    {
        lock (_gate)
        {
            _events.Add(one);
            foreach (var (_, found) in _awaited.Where(awaited => awaited.Where(one)))
                found.TrySetResult(one);
        }
    }
}
