using Broker.Actors;

namespace Broker.TestKit;

/// <summary>Keeps the events of a system, to be counted.</summary>
public sealed class EventLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ActorEvent> _events = [];
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

    public void Dispose() => _subscription.Dispose();

    private void Add(ActorEvent one)
    {
        lock (_gate)
            _events.Add(one);
    }
}
